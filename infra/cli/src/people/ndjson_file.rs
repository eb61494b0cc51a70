//! One JSON object a line.

use std::io::{self, BufRead, Read as _, Write};

use super::{Numbered, Record, Refusal, Sink};

/// Reads line by line, never more than one of them at a time.
pub(super) fn read(mut file: impl BufRead) -> impl Iterator<Item = io::Result<Numbered>> {
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            line += 1;
            let bytes = match next_line(&mut file) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let record = parse(&bytes);
            return Some(Ok(Numbered { line, record }));
        }
    })
}

/// Returns a line, of one that is too long its beginning.
fn next_line(file: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    if file
        .take(MAX_LINE_BYTES + 1)
        .read_until(b'\n', &mut bytes)?
        == 0
    {
        return Ok(None);
    }
    if bytes.len() as u64 > MAX_LINE_BYTES && bytes.last() != Some(&b'\n') {
        file.skip_until(b'\n')?;
    }
    Ok(Some(bytes))
}

fn parse(bytes: &[u8]) -> Result<Record, Refusal> {
    if bytes.len() as u64 > MAX_LINE_BYTES {
        return Err(Refusal::new("", "has more than 64 KiB"));
    }
    // serde's own sentence may quote the line, and with it a hash.
    serde_json::from_slice(bytes).map_err(|error| {
        let column = error.column();
        let what = match error.classify() {
            serde_json::error::Category::Data => {
                "a member is missing, unknown, twice there or of the wrong type"
            }
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => "this is no JSON",
        };
        Refusal::new("", format!("{what}, at column {column}"))
    })
}

/// Writes one object a line.
pub(super) struct Writer<W>(pub(super) W);

impl<W: Write> Sink for Writer<W> {
    fn put(&mut self, record: &Record) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, record)?;
        self.0.write_all(b"\n")
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Longer lines are refused unread: memory stays what it is whatever the file.
const MAX_LINE_BYTES: u64 = 64 * 1024;
