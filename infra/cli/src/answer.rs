//! What a command came to, for people and for programs.

use std::io::Write as _;

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
        .context("stdout is closed")
    }
}
