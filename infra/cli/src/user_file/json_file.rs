//! Reads a file of JSON objects: one per line, or all of them in an array.

use std::io::{self, BufRead, Read as _};

use super::columns::Columns;
use super::entry::Entry;
use super::json;
use super::record::Remark;

/// Longer objects are refused without being read, which limits the use of memory.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// Reads one object per line; only one line is in memory at a time.
pub(super) struct Lines<R> {
    file: R,
    line: u64,
    columns: Columns,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(file: R, columns: &Columns) -> Self {
        Self {
            file,
            line: 0,
            columns: columns.clone(),
        }
    }

    /// Returns the next line, or only the beginning of one that is too long.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let mut file = self.file.by_ref().take(MAX_LINE_BYTES + 1);
        if file.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if too_long(&bytes) && bytes.last() != Some(&b'\n') {
            self.file.skip_until(b'\n')?;
        }
        Ok(Some(bytes))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line += 1;
            let bytes = match self.next_line() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            if !bytes.trim_ascii().is_empty() {
                return Some(Ok(entry(self.line, &bytes, &self.columns)));
            }
        }
    }
}

/// Reads the elements of an array; only one of them is in memory at a time.
pub(super) struct Elements<R> {
    bytes: io::Bytes<R>,
    line: u64,
    after_cr: bool,
    state: State,
    columns: Columns,
}

/// What may come next.
#[derive(PartialEq, Eq)]
enum State {
    Opening,
    /// The first element, or the end.
    First,
    Element,
    CommaOrEnd,
    Ended,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(file: R, columns: &Columns) -> Self {
        Self {
            bytes: file.bytes(),
            line: 1,
            after_cr: false,
            state: State::Opening,
            columns: columns.clone(),
        }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.bytes.next().transpose()?;
        match byte {
            Some(b'\n') if self.after_cr => {}
            Some(b'\n' | b'\r') => self.line += 1,
            _ => {}
        }
        self.after_cr = byte == Some(b'\r');
        Ok(byte)
    }

    fn element(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let Some(byte) = self.byte()? else {
                if self.state == State::Ended {
                    return Ok(None);
                }
                return Err(self.wrong("the file ends inside the array, so part of it is missing"));
            };
            if byte.is_ascii_whitespace() {
                continue;
            }
            match (&self.state, byte) {
                (State::Opening, b'[') => self.state = State::First,
                (State::First | State::CommaOrEnd, b']') => self.state = State::Ended,
                (State::CommaOrEnd, b',') => self.state = State::Element,
                (State::First | State::Element, b'{') => {
                    self.state = State::CommaOrEnd;
                    return self.object().map(Some);
                }
                (State::First | State::Element, _) => {
                    return Err(self.wrong("an element of the array is not an object"));
                }
                (State::CommaOrEnd, _) => {
                    return Err(self.wrong("expected a comma or ] after an element of the array"));
                }
                (State::Opening | State::Ended, _) => {
                    return Err(self.wrong("there is text outside the array"));
                }
            }
        }
    }

    /// Reads the rest of an object, after its opening brace.
    fn object(&mut self) -> io::Result<Entry> {
        let line = self.line;
        let (mut depth, mut quoted, mut escaped) = (1_u32, false, false);
        let mut bytes = vec![b'{'];
        while depth > 0 {
            let Some(byte) = self.byte()? else {
                let text = format!("the file ends inside the object that begins on line {line}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            };
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            if !too_long(&bytes) {
                bytes.push(byte);
            }
        }
        Ok(entry(line, &bytes, &self.columns))
    }

    fn wrong(&self, what: &str) -> io::Error {
        let text = format!("line {}: {what}", self.line);
        io::Error::new(io::ErrorKind::InvalidData, text)
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.element().transpose()
    }
}

fn entry(line: u64, bytes: &[u8], columns: &Columns) -> Entry {
    let mut warnings = Vec::new();
    let record = if too_long(bytes) {
        Err(Remark::new("", "has more than 1 MiB, which is too long for a user").into())
    } else {
        json::record(bytes, columns, &mut warnings)
    };
    Entry {
        line,
        record,
        warnings,
    }
}

fn too_long(bytes: &[u8]) -> bool {
    bytes.len() as u64 > MAX_LINE_BYTES
}
