//! The settings that a function's processes are started with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::log::Log;

/// How to start the processes of a function.
#[derive(Debug)]
pub(crate) struct ProcessSettings {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    pub(crate) timeout: Duration,
    /// The whole environment, except for the Runtime API's address.
    pub(crate) environment: BTreeMap<String, String>,
    /// How many processes may run at once; further events wait for one of them.
    pub(crate) concurrency: usize,
    /// Whether processes are suspended between events.
    pub(crate) freeze: bool,
    pub(crate) log: Log,
}
