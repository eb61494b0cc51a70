//! What a command came to, for people and for programs, and its exit status.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

/// The same news twice: lines for a person, JSON for a script.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) json: Value,
    pub(crate) status: Status,
}

/// How a command ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Exit code 0.
    Success,
    /// A part was not done, or there are warnings: exit code 3.
    Incomplete,
    /// Exit code 1, as for any error.
    Failure,
}

impl Output {
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
            status: Status::Success,
        }
    }

    /// Prints one of the two.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<ExitCode> {
        if json {
            print(&format!("{:#}\n", self.json))?;
        } else {
            print(&self.text)?;
        }
        Ok(self.status.into())
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Success => Self::SUCCESS,
            Status::Incomplete => Self::from(3),
            Status::Failure => Self::FAILURE,
        }
    }
}

/// Writes to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    io::stdout()
        .write_all(text.as_bytes())
        .context(StdoutClosed)
}

/// Tells the person at the terminal something that is not the answer.
pub(crate) fn notice(sentence: &str) {
    // There is no reader if stderr is closed.
    drop(writeln!(io::stderr(), "{sentence}"));
}

/// Lays out rows below their headers, with columns that line up on a terminal
/// whatever letters are in them.
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

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up_for_wide_characters_too() {
        let rows = [["王小明", "a"], ["José", "b"], ["maria", "c"]];
        let text = table(["name", "x"], rows.map(|row| row.map(str::to_owned)));
        // Two columns of the terminal for each of 王, 小 and 明.
        assert_eq!(text, "name    x\n王小明  a\nJosé    b\nmaria   c\n");
    }
}
