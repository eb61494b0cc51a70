//! What the processes of a function are started with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::log::Log;

/// What starts a function's processes.
#[derive(Debug)]
pub(crate) struct ProcessSettings {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    pub(crate) timeout: Duration,
    /// The whole environment but for the Runtime API's address.
    pub(crate) environment: BTreeMap<String, String>,
    /// How many processes there may be; further events wait for one.
    pub(crate) concurrency: usize,
    /// Whether processes stand still between events.
    pub(crate) freeze: bool,
    pub(crate) log: Log,
}
