//! Reads CSV with a header (RFC 4180), separated by commas, semicolons or tabs.

use std::io::{self, BufRead, Cursor, Read as _};

use csv::{ByteRecord, StringRecord};
use serde_json::Value;

use super::columns::{COLUMNS, Column, Columns, advice, shown};
use super::draft::{Draft, NULLS};
use super::entry::{Entry, NoUser};
use super::record::{Record, Remark};
use super::records::{RawRecord, Records};

const NOT_UTF_8: &str = "is not UTF-8: save the file as UTF-8";

/// The rows of a file.
pub(super) struct Rows<R> {
    records: Records<R>,
    /// The number of columns.
    width: usize,
    header: Header,
    columns: Columns,
}

/// The columns that are read: their index, and the field that they are read into.
type Header = Vec<(usize, &'static str)>;

/// Reads the header. A mistake in it affects every row, so it is an error.
pub(super) fn read<R: BufRead>(
    mut file: R,
    columns: &Columns,
) -> io::Result<Rows<impl BufRead + use<R>>> {
    let mut line = 1;
    let mut head = first_line(&mut file)?;
    let mut delimiter = None;
    // PowerShell begins with a line about the type, other programs with the separator for Excel.
    while head.starts_with(b"#TYPE ") || declared_separator(&head).is_some() {
        delimiter = delimiter.or(declared_separator(&head));
        head = first_line(&mut file)?;
        line += 1;
    }
    let delimiter = delimiter.unwrap_or_else(|| detect_separator(&head));
    let mut records = Records::new(Cursor::new(head).chain(file), delimiter, line);
    let names = match records.next().transpose()? {
        Some(names) => records.fields(&names)?,
        None => ByteRecord::new(),
    };
    let names = StringRecord::from_byte_record(names).map_err(|_| NOT_UTF_8.to_owned());
    let header = names.and_then(|names| Ok((names.len(), header(&names, columns)?)));
    let (width, header) = header.map_err(|text| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {text}"))
    })?;
    Ok(Rows {
        records,
        width,
        header,
        columns: columns.clone(),
    })
}

fn header(names: &StringRecord, columns: &Columns) -> Result<Header, String> {
    let mut header = Header::new();
    let mut unknown = Vec::new();
    for (index, name) in names.iter().map(str::trim).enumerate() {
        match columns.resolve(name) {
            Column::Ours(fields) => header.extend(fields.into_iter().map(|field| (index, field))),
            Column::Ignored => {}
            Column::Unknown if name.is_empty() => {}
            Column::Unknown => unknown.push(name),
            Column::Replaced => {
                let name = shown(name);
                return Err(format!(
                    "--column reads {name} from another column, but there is also a column {name}: ignore it with --ignore {name}"
                ));
            }
        }
    }
    let count = |field: &str| header.iter().filter(|(_, one)| *one == field).count();
    if let Some(twice) = COLUMNS.into_iter().find(|field| count(field) > 1) {
        return Err(format!(
            "more than one column is {twice}: ignore or remove the others"
        ));
    }
    if !unknown.is_empty() {
        return Err(advice(&unknown));
    }
    let is_there = |theirs: &str| {
        let mut names = names.iter();
        names.any(|name| name.trim().eq_ignore_ascii_case(theirs))
    };
    if let Some(theirs) = columns.expected().find(|theirs| !is_there(theirs)) {
        return Err(format!(
            "there is no column {}, but --column names it",
            shown(theirs)
        ));
    }
    if count("username") == 0 {
        return Err(
            "the column username is missing: name the column to read with --column username=THEIRS"
                .to_owned(),
        );
    }
    Ok(header)
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self.records.next()?.and_then(|record| self.entry(&record));
            if let Some(entry) = entry.transpose() {
                return Some(entry);
            }
        }
    }
}

impl<R: BufRead> Rows<R> {
    /// Reads a row; returns nothing if all fields are empty.
    fn entry(&self, raw: &RawRecord) -> io::Result<Option<Entry>> {
        let fields = self.records.fields(raw)?;
        if fields.iter().all(|value| value.trim_ascii().is_empty()) {
            return Ok(None);
        }
        let mut warnings = Vec::new();
        let record = self.record(raw, fields, &mut warnings);
        let record = record.map_err(|mut remark| {
            if raw.last > raw.first {
                remark.detail = format!("{}; the record ends on line {}", remark.detail, raw.last);
            }
            NoUser::Refused(remark)
        });
        Ok(Some(Entry {
            line: raw.first,
            record,
            warnings,
        }))
    }

    fn record(
        &self,
        raw: &RawRecord,
        fields: ByteRecord,
        warnings: &mut Vec<Remark>,
    ) -> Result<Record, Remark> {
        if raw.has_stray_quote {
            let detail = "has an unclosed quotation mark, or text after a closing one: write \"\" for a quotation mark inside quotes";
            return Err(Remark::new("", detail));
        }
        let row = StringRecord::from_byte_record(fields).map_err(|_| Remark::new("", NOT_UTF_8))?;
        if row.len() != self.width {
            let (found, expected) = (row.len(), self.width);
            let detail = format!("has {found} fields, but the header has {expected}");
            return Err(Remark::new("", detail));
        }
        let mut draft = Draft::default();
        for (index, field) in &self.header {
            let value = row.get(*index).unwrap_or_default();
            let null = value.is_empty() || NULLS.contains(&value) && *field != "username";
            draft.set(field, if null { Value::Null } else { value.into() })?;
        }
        draft.record(&self.columns, warnings)
    }
}

const MAX_HEADER_BYTES: u64 = 64 * 1024;

/// Reads at most 64 KiB of a line, including its line ending.
fn first_line(file: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    file.take(MAX_HEADER_BYTES).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Returns the separator from a first line such as `sep=;`, which is meant for Excel.
fn declared_separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    match line.strip_prefix(b"sep=") {
        Some([separator]) => Some(*separator),
        Some(_) | None => None,
    }
}

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Returns the separator that occurs most often in the header, outside quotation marks.
fn detect_separator(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = SEPARATORS.map(|separator| (0_usize, separator));
    for byte in header {
        // In a file with CR line endings, the rows follow on the same LF-terminated line.
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
