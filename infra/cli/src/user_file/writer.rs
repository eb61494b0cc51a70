//! Writes a file of users: one JSON object per line, or CSV with a header.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::columns::COLUMNS;
use super::record::Record;
use crate::error::ErrorCode;

/// The format of an export, chosen by the file extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Ndjson,
    Csv,
}

impl Format {
    /// Chooses the format by the file extension.
    pub(crate) fn from_path(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => Ok(Self::Ndjson),
            Some("csv") => Ok(Self::Csv),
            Some(_) | None => {
                let message = format!("{} must end in .ndjson or .csv", path.display());
                Err(ErrorCode::Usage.error(message))
            }
        }
    }
}

/// Writes records to a file.
pub(crate) enum Writer<W: Write> {
    Ndjson(W),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Writer<W> {
    /// Starts a file. CSV gets a header even if there are no records.
    pub(crate) fn new(format: Format, to: W) -> io::Result<Self> {
        Ok(match format {
            Format::Ndjson => Self::Ndjson(to),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(to);
                writer.write_record(COLUMNS)?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    pub(crate) fn put(&mut self, record: &Record) -> io::Result<()> {
        match self {
            Self::Ndjson(to) => {
                serde_json::to_writer(&mut *to, record)?;
                to.write_all(b"\n")
            }
            Self::Csv(writer) => {
                let object = serde_json::to_value(record)?;
                let cells = COLUMNS.iter().map(|column| cell(object.get(column)));
                Ok(writer.write_record(cells)?)
            }
        }
    }

    pub(crate) fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Ndjson(to) => to.flush(),
            Self::Csv(writer) => writer.flush(),
        }
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        // Without roles, a user would get those of a new one.
        Some(Value::Array(names)) if names.is_empty() => "[]".to_owned(),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names.join(" ")
        }
        Some(other) => other.to_string(),
    }
}
