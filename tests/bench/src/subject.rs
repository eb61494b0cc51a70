//! What is measured: a program, its environment and its event.

use std::path::PathBuf;

/// A function or a peer.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) event: String,
    /// A part of every valid response.
    pub(crate) expected: &'static str,
    /// True if the program is all there is, so that its size says something.
    pub(crate) is_binary: bool,
    /// As deployed.
    pub(crate) memory_mb: u32,
    /// True if its calls are requests to the HTTP API.
    pub(crate) has_route: bool,
}
