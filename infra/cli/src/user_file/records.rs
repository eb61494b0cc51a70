//! Splits CSV into records and counts the lines of each.
//!
//! A line ends with LF, CRLF or CR, as in an editor. The CSV parser only counts LF. It also
//! accepts text after a closing quotation mark, so an unclosed one would swallow every line
//! up to the next quotation mark.

use std::io::{self, BufRead, Bytes};

use csv::{ByteRecord, ReaderBuilder};

/// Reads the records of a file, one at a time.
pub(super) struct Records<R> {
    bytes: Bytes<R>,
    delimiter: u8,
    line: u64,
    after_cr: bool,
}

/// A record before it is split into fields.
#[derive(Default)]
pub(super) struct RawRecord {
    text: Vec<u8>,
    /// The lines that it begins and ends on.
    pub(super) first: u64,
    pub(super) last: u64,
    /// Whether a quotation mark is unclosed, or text follows a closing one.
    pub(super) has_stray_quote: bool,
}

/// The position in a field (RFC 4180 section 2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Before,
    Unquoted,
    Quoted,
    /// After a quotation mark in a quoted field: either it ends the quotes, or it is the first
    /// of two.
    Closing,
}

/// A longer record is not a user, but probably an unclosed quotation mark.
const MAX_RECORD_BYTES: usize = 64 * 1024;

impl<R: BufRead> Records<R> {
    /// Reads text that begins on line `line`.
    pub(super) fn new(text: R, delimiter: u8, line: u64) -> Self {
        Self {
            bytes: text.bytes(),
            delimiter,
            line,
            after_cr: false,
        }
    }

    /// Splits a record into its fields.
    pub(super) fn fields(&self, record: &RawRecord) -> io::Result<ByteRecord> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.delimiter)
            .buffer_capacity(record.text.len())
            .from_reader(record.text.as_slice());
        let mut fields = ByteRecord::new();
        reader.read_byte_record(&mut fields)?;
        Ok(fields)
    }

    fn record(&mut self) -> io::Result<Option<RawRecord>> {
        let mut record = RawRecord::default();
        let mut quotes = Quotes::Before;
        while let Some(byte) = self.bytes.next().transpose()? {
            let ends_line = byte == b'\n' || byte == b'\r';
            let is_second_half = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            let was_empty = record.text.is_empty();
            if !(was_empty && ends_line) {
                if was_empty {
                    record.first = self.line;
                }
                let before = quotes;
                quotes = before.then(byte, byte == self.delimiter || ends_line);
                record.has_stray_quote |= before == Quotes::Closing && quotes == Quotes::Unquoted;
                record.text.push(byte);
            }
            if !ends_line {
                record.last = self.line;
            } else if !is_second_half {
                self.line += 1;
            }
            if ends_line && quotes != Quotes::Quoted && !record.text.is_empty() {
                return Ok(Some(record));
            }
            if record.text.len() > MAX_RECORD_BYTES {
                let text = format!(
                    "line {}: a record has more than 64 KiB; is a quotation mark unclosed?",
                    record.first
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
        record.has_stray_quote |= quotes == Quotes::Quoted;
        Ok((!record.text.is_empty()).then_some(record))
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = io::Result<RawRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        self.record().transpose()
    }
}

impl Quotes {
    fn then(self, byte: u8, ends_field: bool) -> Self {
        match self {
            Self::Quoted if byte == b'"' => Self::Closing,
            Self::Quoted => Self::Quoted,
            Self::Before | Self::Closing if byte == b'"' => Self::Quoted,
            Self::Before | Self::Closing | Self::Unquoted if ends_field => Self::Before,
            Self::Before | Self::Closing | Self::Unquoted => Self::Unquoted,
        }
    }
}
