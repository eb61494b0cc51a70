//! The output of a command, as text and as JSON, and its exit code.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::progress;

/// The format of everything that the process writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// `--json`: the output on stdout, and one object per line on stderr.
    Json,
}

static JSON: AtomicBool = AtomicBool::new(false);

/// Chooses the format, before anything is written.
pub(crate) fn set_format(format: Format) {
    JSON.store(format == Format::Json, Ordering::Relaxed);
}

/// Returns the format.
pub(crate) fn format() -> Format {
    if JSON.load(Ordering::Relaxed) {
        Format::Json
    } else {
        Format::Text
    }
}

/// The same result twice: text for the terminal, JSON for scripts.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) json: Value,
    pub(crate) status: Status,
}

/// The result of a command that did not fail. It determines the exit code; 1 and 2 are for
/// errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Exit code 0.
    Success,
    /// Exit code 3: part of the work was not done, or there are warnings.
    Incomplete,
    /// Exit code 4: the answer is no. The token is invalid, or the stack fails a check.
    Negative,
}

impl Output {
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
            status: Status::Success,
        }
    }

    pub(crate) fn with_status(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// Prints the JSON or the text to stdout.
    pub(crate) fn print(&self) -> anyhow::Result<ExitCode> {
        match format() {
            Format::Json => print(&format!("{:#}\n", self.json))?,
            Format::Text => print(&self.text)?,
        }
        Ok(self.status.into())
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Success => Self::SUCCESS,
            Status::Incomplete => Self::from(3),
            Status::Negative => Self::from(4),
        }
    }
}

/// Writes to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    progress::stop();
    io::stdout()
        .write_all(text.as_bytes())
        .context(StdoutClosed)
}

/// Writes a message to stderr, so that stdout has only the output.
pub(crate) fn notice(sentence: &str) {
    match format() {
        Format::Json => stderr(&json!({ "notice": sentence }).to_string()),
        Format::Text => stderr(sentence),
    }
}

/// Writes a line to stderr.
pub(crate) fn stderr(line: &str) {
    // If stderr is closed, nobody is reading.
    progress::suspended(|| drop(writeln!(io::stderr(), "{line}")));
}

/// Formats rows below their headers. Columns line up on a terminal even if cells contain
/// wide characters.
pub(crate) fn table<const COLUMNS: usize>(
    headers: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(headers);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The error if stdout cannot be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StdoutClosed;

impl fmt::Display for StdoutClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write to stdout")
    }
}

/// Returns whether a command failed only because the reader of its output, such as
/// `head`, has exited.
pub(crate) fn is_reader_gone(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    error.is::<StdoutClosed>() && causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up_for_wide_characters_too() {
        let rows = [["王小明", "a"], ["José", "b"], ["maria", "c"]];
        let text = table(["name", "x"], rows.map(|row| row.map(str::to_owned)));
        // On a terminal, each of 王, 小 and 明 is two columns wide.
        assert_eq!(text, "name    x\n王小明  a\nJosé    b\nmaria   c\n");
    }
}
