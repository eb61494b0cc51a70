//! CSV with a header (RFC 4180); roles stand in one field, with spaces between them.

use std::io::{self, Read, Write};

use anyhow::bail;
use csv::StringRecord;

use super::{Numbered, Record, Refusal, Sink};

/// The columns, in the order in which they are written.
const COLUMNS: [&str; 11] = [
    "id",
    "username",
    "email",
    "password_hash",
    "roles",
    "status",
    "token_version",
    "session_version",
    "created_at",
    "updated_at",
    "password_changed_at",
];

/// Reads record by record.
pub(super) fn read(
    file: impl Read + 'static,
) -> anyhow::Result<impl Iterator<Item = io::Result<Numbered>>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    for (index, column) in header.iter().enumerate() {
        if !COLUMNS.contains(&column.as_str()) {
            bail!(
                "there is no column {column:?}: there are {}",
                COLUMNS.join(", ")
            );
        }
        if header.iter().take(index).any(|other| other == column) {
            bail!("the column {column} is there twice");
        }
    }
    for column in ["username", "password_hash"] {
        if !header.iter().any(|name| name == column) {
            bail!("the column {column} is missing");
        }
    }
    Ok(reader.into_records().map(move |row| match row {
        Ok(row) => Ok(Numbered {
            line: row.position().map_or(0, csv::Position::line),
            record: parse(&header, &row),
        }),
        Err(error) => {
            if let csv::ErrorKind::Utf8 { pos, .. } = error.kind() {
                return Ok(Numbered {
                    line: pos.as_ref().map_or(0, csv::Position::line),
                    record: Err(Refusal::new("", "is not UTF-8")),
                });
            }
            Err(error.into())
        }
    }))
}

fn parse(header: &[String], row: &StringRecord) -> Result<Record, Refusal> {
    if row.len() != header.len() {
        let detail = format!("has {} fields, and not {}", row.len(), header.len());
        return Err(Refusal::new("", detail));
    }
    let of = |column: &str| {
        let index = header.iter().position(|name| name == column)?;
        row.get(index)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    let needed = |column| of(column).ok_or_else(|| Refusal::new(column, "is missing"));
    let number = |column| {
        let parsed = of(column).map(|value| value.parse()).transpose();
        parsed.map_err(|_| Refusal::new(column, "is no whole number"))
    };
    let roles = of("roles");
    Ok(Record {
        id: of("id"),
        username: needed("username")?,
        email: of("email"),
        password_hash: of("password_hash"),
        roles: roles.map(|roles| roles.split_whitespace().map(str::to_owned).collect()),
        status: of("status"),
        token_version: number("token_version")?,
        session_version: number("session_version")?,
        created_at: of("created_at"),
        updated_at: of("updated_at"),
        password_changed_at: of("password_changed_at"),
    })
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
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let number = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        let roles = record.roles.as_deref().unwrap_or_default().join(" ");
        let row = [
            text(&record.id),
            record.username.clone(),
            text(&record.email),
            text(&record.password_hash),
            roles,
            text(&record.status),
            number(record.token_version),
            number(record.session_version),
            text(&record.created_at),
            text(&record.updated_at),
            text(&record.password_changed_at),
        ];
        self.0.write_record(row).map_err(io::Error::from)
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
