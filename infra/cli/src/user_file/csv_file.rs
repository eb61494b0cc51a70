//! CSV with a header (RFC 4180), with commas, semicolons or tabs.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, BufRead, Cursor, Read, Write};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use serde_json::Value;

use super::columns::{COLUMNS, Column, Columns, advice, shown};
use super::draft::Draft;
use super::lines::{Lines, Span, Track};
use super::{Content, Entry, Record, Remark, Sink};

/// The rows of a file.
pub(super) struct Rows<R> {
    reader: csv::Reader<Lines<R>>,
    track: Rc<RefCell<Track>>,
    header: Vec<Vec<&'static str>>,
    columns: Columns,
}

/// Reads the header. Anything that is wrong with it is wrong with every row, so it
/// is refused as a whole.
pub(super) fn read<R: BufRead>(
    mut file: R,
    columns: &Columns,
) -> io::Result<Rows<impl Read + use<R>>> {
    let mut line = 1;
    let mut head = first_line(&mut file)?;
    let mut delimiter = None;
    // Windows PowerShell writes a type first, other programs tell Excel the separator.
    while head.starts_with(b"#TYPE ") || separator(&head).is_some() {
        delimiter = delimiter.or(separator(&head));
        head = first_line(&mut file)?;
        line += 1;
    }
    let delimiter = delimiter.unwrap_or_else(|| sniffed(&head));
    let (lines, track) = Lines::new(Cursor::new(head).chain(file), delimiter, line);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(lines);
    let names = reader.headers()?.clone();
    let header = header(&names, columns).map_err(|text| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {text}"))
    })?;
    Ok(Rows {
        reader,
        track,
        header,
        columns: columns.clone(),
    })
}

/// What is in each column; nothing for those that are left out.
fn header(names: &StringRecord, columns: &Columns) -> Result<Vec<Vec<&'static str>>, String> {
    let mut header: Vec<Vec<&'static str>> = Vec::new();
    let mut unknown = Vec::new();
    for name in names {
        let ours = match columns.resolve(name) {
            Column::Ours(ours) => ours,
            Column::Ignored => Vec::new(),
            Column::Unknown if name.trim().is_empty() => Vec::new(),
            Column::Replaced => {
                let name = shown(name.trim());
                return Err(format!(
                    "the column {name} is there, but --column reads that from another: leave it out with --ignore {name}"
                ));
            }
            Column::Unknown => {
                unknown.push(name.trim());
                Vec::new()
            }
        };
        if let Some(twice) = ours
            .iter()
            .find(|ours| header.iter().flatten().any(|one| one == *ours))
        {
            return Err(format!(
                "the column {twice} is there twice: leave one of them out"
            ));
        }
        header.push(ours);
    }
    if !unknown.is_empty() {
        return Err(advice(&unknown));
    }
    let there = |theirs: &&str| {
        names
            .iter()
            .any(|name| name.trim().eq_ignore_ascii_case(theirs))
    };
    if let Some(theirs) = columns.expected().find(|theirs| !there(theirs)) {
        return Err(format!(
            "there is no column {}, which --column names",
            shown(theirs)
        ));
    }
    if !header.iter().flatten().any(|ours| *ours == "username") {
        return Err(
            "the column username is missing: name the one to read with --column username=THEIRS"
                .to_owned(),
        );
    }
    Ok(header)
}

impl<R: Read> Iterator for Rows<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = ByteRecord::new();
        loop {
            self.track.borrow_mut().begin(self.reader.position().byte());
            match self.reader.read_byte_record(&mut row) {
                Ok(true) if row.iter().all(|value| value.trim_ascii().is_empty()) => {}
                Ok(true) => return Some(Ok(self.entry(row))),
                Ok(false) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

impl<R: Read> Rows<R> {
    fn entry(&self, row: ByteRecord) -> Entry {
        let end = self.reader.position().byte();
        let Span {
            first,
            last,
            misplaced,
        } = self.track.borrow().span(end);
        let (content, warnings) = match self.draft(row, misplaced) {
            Ok(draft) => {
                let (record, warnings) = draft.record(&self.columns);
                (
                    record
                        .map_or_else(Content::Refused, |record| Content::Person(Box::new(record))),
                    warnings,
                )
            }
            Err(mut remark) => {
                if last > first {
                    // Writing to a string cannot fail.
                    let _ = write!(remark.detail, "; it ends in line {last}");
                }
                (Content::Refused(remark), Vec::new())
            }
        };
        Entry {
            line: first,
            content,
            warnings,
        }
    }

    fn draft(&self, row: ByteRecord, misplaced: bool) -> Result<Draft, Remark> {
        if misplaced {
            let detail = "a quotation mark is not closed, or text follows one that closes: write \"\" for a quotation mark within quotes";
            return Err(Remark::new("", detail));
        }
        let row = StringRecord::from_byte_record(row)
            .map_err(|_| Remark::new("", "is not UTF-8: save the file as UTF-8"))?;
        if row.len() != self.header.len() {
            let (found, expected) = (row.len(), self.header.len());
            let detail = format!("has {found} fields, but the header has {expected}");
            return Err(Remark::new("", detail));
        }
        let mut draft = Draft::default();
        for (ours, value) in self.header.iter().zip(&row) {
            for ours in ours {
                let null = value.is_empty() || NULLS.contains(&value) && *ours != "username";
                draft.set(ours, if null { Value::Null } else { value.into() })?;
            }
        }
        Ok(draft)
    }
}

/// Reads a line with its end, at most 64 KiB of it.
fn first_line(file: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    for byte in file.by_ref().take(MAX_HEADER_BYTES).bytes() {
        let byte = byte?;
        line.push(byte);
        if byte == b'\n' {
            break;
        }
    }
    Ok(line)
}

/// The separator that a first line such as `sep=;` gives to Excel.
fn separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    match line.strip_prefix(b"sep=") {
        Some([separator]) => Some(*separator),
        Some(_) | None => None,
    }
}

/// The separator that the header has most of, outside quotation marks.
fn sniffed(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = SEPARATORS.map(|separator| (0_usize, separator));
    for byte in header {
        // A header in an old Mac's file is followed by rows on the same LF line.
        if *byte == b'\r' {
            break;
        }
        quoted ^= *byte == b'"';
        for (count, separator) in &mut counts {
            *count += usize::from(!quoted && byte == separator);
        }
    }
    let [comma, others @ ..] = counts;
    let most = others.into_iter().fold(
        comma,
        |most, other| if other.0 > most.0 { other } else { most },
    );
    most.1
}

/// Writes a header, then a row for each record.
pub(super) struct Writer<W: Write>(csv::Writer<W>);

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(COLUMNS)?;
        Ok(Self(writer))
    }
}

impl<W: Write> Sink for Writer<W> {
    fn put(&mut self, record: &Record) -> io::Result<()> {
        let object = serde_json::to_value(record)?;
        let cell = |column: &&str| match object.get(column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(names)) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                names.join(" ")
            }
            Some(other) => other.to_string(),
        };
        self.0
            .write_record(COLUMNS.iter().map(cell))
            .map_err(io::Error::from)
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// What databases print for NULL: `mysql --batch`, and `COPY` of Postgres.
const NULLS: [&str; 2] = ["NULL", "\\N"];
const MAX_HEADER_BYTES: u64 = 64 * 1024;
