//! Counts lines as an editor does, and notices quotation marks that swallow lines.
//!
//! A line ends with LF, CRLF or CR. The CSV reader itself counts LF only, and takes
//! text after a closing quotation mark for a part of the field.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// A reader of delimited text that keeps track of its lines.
pub(super) struct Lines<R> {
    inner: R,
    track: Rc<RefCell<Track>>,
}

/// Where lines begin, and where quotation marks go wrong.
pub(super) struct Track {
    delimiter: u8,
    offset: u64,
    line: u64,
    /// At the beginning of a line; after CR an LF belongs to the same end.
    fresh: bool,
    after_cr: bool,
    quotes: Quotes,
    /// Offset and number of each line that is not empty.
    starts: VecDeque<(u64, u64)>,
    /// Offsets at which a quotation mark is out of place.
    misplaced: VecDeque<u64>,
    /// Where the record that is being read begins.
    record: u64,
}

/// Where a byte stands in a field (RFC 4180 section 2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Before,
    Unquoted,
    Quoted,
    /// After a quotation mark within quotes: the end, or the first of two.
    Closing,
}

/// The lines of a record.
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
    /// A quotation mark of it is out of place.
    pub(super) misplaced: bool,
}

impl<R: Read> Lines<R> {
    /// Reads from the beginning of line `line`.
    pub(super) fn new(inner: R, delimiter: u8, line: u64) -> (Self, Rc<RefCell<Track>>) {
        let track = Rc::new(RefCell::new(Track {
            delimiter,
            offset: 0,
            line,
            fresh: true,
            after_cr: false,
            quotes: Quotes::Before,
            starts: VecDeque::new(),
            misplaced: VecDeque::new(),
            record: 0,
        }));
        let lines = Self {
            inner,
            track: Rc::clone(&track),
        };
        (lines, track)
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut track = self.track.borrow_mut();
        if track.offset - track.record > MAX_RECORD_BYTES {
            let begun = track
                .starts
                .iter()
                .find(|(start, _)| *start >= track.record);
            let line = begun.map_or(track.line, |(_, line)| *line);
            let text = format!(
                "line {line}: a record has more than 64 KiB; is a quotation mark not closed?"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let read = self.inner.read(buffer)?;
        for byte in buffer.iter().take(read) {
            track.see(*byte);
        }
        if read == 0 && track.quotes == Quotes::Quoted {
            let end = track.offset;
            track.misplaced.push_back(end);
        }
        Ok(read)
    }
}

impl Track {
    /// Notes that the next record begins at or after `offset`.
    pub(super) fn begin(&mut self, offset: u64) {
        self.record = offset;
        while self
            .starts
            .front()
            .is_some_and(|(start, _)| *start < offset)
        {
            self.starts.pop_front();
        }
        while self.misplaced.front().is_some_and(|place| *place < offset) {
            self.misplaced.pop_front();
        }
    }

    /// The lines of the record that was begun and ends before `end`.
    pub(super) fn span(&self, end: u64) -> Span {
        let lines = self.starts.iter().take_while(|(start, _)| *start < end);
        let mut lines = lines.map(|(_, line)| *line);
        let first = lines.next().unwrap_or(self.line);
        Span {
            first,
            last: lines.last().unwrap_or(first),
            misplaced: self.misplaced.front().is_some_and(|place| *place <= end),
        }
    }

    fn see(&mut self, byte: u8) {
        self.quote(byte);
        match byte {
            // The second half of CRLF.
            b'\n' if self.after_cr => {}
            b'\n' | b'\r' => {
                self.line += 1;
                self.fresh = true;
            }
            _ if self.fresh => {
                self.fresh = false;
                self.starts.push_back((self.offset, self.line));
            }
            _ => {}
        }
        self.after_cr = byte == b'\r';
        self.offset += 1;
    }

    fn quote(&mut self, byte: u8) {
        let ends = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        let quote = byte == b'"';
        self.quotes = if self.quotes == Quotes::Quoted {
            if quote {
                Quotes::Closing
            } else {
                Quotes::Quoted
            }
        } else if quote && self.quotes != Quotes::Unquoted {
            Quotes::Quoted
        } else if ends {
            Quotes::Before
        } else {
            if self.quotes == Quotes::Closing {
                self.misplaced.push_back(self.offset);
            }
            Quotes::Unquoted
        };
    }
}

/// More is not a person, but a quotation mark that nobody closed.
const MAX_RECORD_BYTES: u64 = 64 * 1024;
