//! Insertions into a text whose other lines stay as they are.

use std::ops::Range;

/// A text as lines.
#[derive(Debug, Clone)]
pub(super) struct Text {
    lines: Vec<String>,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Self {
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Returns the index of the only line that a test accepts; none if there are several.
    pub(super) fn only(&self, test: impl Fn(&str) -> bool) -> Option<usize> {
        let mut found = (0..).zip(&self.lines).filter(|(_, line)| test(line));
        let (index, _) = found.next()?;
        found.next().is_none().then_some(index)
    }

    /// Returns the index of the first line from `start` that a test accepts.
    pub(super) fn next(&self, start: usize, test: impl Fn(&str) -> bool) -> Option<usize> {
        let mut found = (0..).zip(&self.lines).skip(start);
        found.find(|(_, line)| test(line)).map(|(index, _)| index)
    }

    /// Inserts the lines of `text` before the line at `index`.
    pub(super) fn insert(&mut self, index: usize, text: &str) {
        let lines = text.lines().map(str::to_owned);
        self.lines.splice(index..index, lines);
    }

    /// Removes lines.
    pub(super) fn remove(&mut self, lines: Range<usize>) {
        self.lines.drain(lines);
    }

    /// Replaces a line.
    pub(super) fn replace(&mut self, index: usize, line: String) {
        if let Some(old) = self.lines.get_mut(index) {
            *old = line;
        }
    }
}

impl From<&Text> for String {
    fn from(text: &Text) -> Self {
        let mut whole = text.lines.join("\n");
        whole.push('\n');
        whole
    }
}
