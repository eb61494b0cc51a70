//! What a command came to, for people and for programs.

use std::fmt;
use std::io::{self, Write as _};

use anyhow::Context as _;
use serde_json::Value;

/// The same news twice: lines for a person, JSON for a script.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    /// Prints one of the two.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{:#}", self.json)
        } else {
            write!(out, "{}", self.text)
        }
        .context(StdoutClosed)
    }
}

/// Why nothing can be printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StdoutClosed;

impl fmt::Display for StdoutClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stdout cannot be written")
    }
}

/// Says whether a command failed only because the reader of its output, such as
/// `head`, has ended.
pub(crate) fn is_reader_gone(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    error.is::<StdoutClosed>() && causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
