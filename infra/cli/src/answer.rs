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
