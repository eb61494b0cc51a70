//! Users as files have them: JSON objects or CSV, in whatever form other systems
//! write them.
//!
//! What `export` writes, `import` reads: nothing is lost on the way.

mod columns;
mod csv_file;
mod draft;
mod json;
mod json_file;
mod lines;
mod moment;
mod record;
mod source;

use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;

pub(crate) use columns::Columns;
pub(crate) use record::{Record, Remark};
pub(crate) use source::Source;

/// What a file has at one place, and what was left out of it.
pub(crate) struct Entry {
    /// The line that it begins in, as an editor counts.
    pub(crate) line: u64,
    pub(crate) content: Content,
    pub(crate) warnings: Vec<Remark>,
}

/// A person, or why there is none.
pub(crate) enum Content {
    Person(Box<Record>),
    Refused(Remark),
    /// A record of another model of Django's, by its name.
    NotAPerson(String),
}

/// All that is in a file, in order. An error is the end of it.
pub(crate) type Entries = Box<dyn Iterator<Item = io::Result<Entry>>>;

/// How an export is written, by the ending of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Ndjson,
    Csv,
}

impl Format {
    /// Finds the format by the file's name.
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => Ok(Self::Ndjson),
            Some("csv") => Ok(Self::Csv),
            Some(_) | None => bail!("{}: name it .ndjson or .csv", path.display()),
        }
    }

    /// Makes what writes records.
    pub(crate) fn write<W: Write + 'static>(self, to: W) -> io::Result<Box<dyn Sink>> {
        Ok(match self {
            Self::Ndjson => Box::new(json_file::Writer(to)),
            Self::Csv => Box::new(csv_file::Writer::new(to)?),
        })
    }
}

/// Where records go.
pub(crate) trait Sink {
    fn put(&mut self, record: &Record) -> io::Result<()>;
    fn end(&mut self) -> io::Result<()>;
}

#[cfg(test)]
mod tests;
