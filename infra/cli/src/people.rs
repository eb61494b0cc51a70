//! Users as files have them: one JSON object a line, or CSV with a header.
//!
//! What `export` writes, `import` reads: nothing is lost on the way.

mod csv_file;
mod ndjson_file;
mod record;

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use anyhow::{Context as _, bail};

pub(crate) use record::{Record, Refusal};

/// How a file is written, by its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Ndjson,
    Csv,
}

/// A record of a file, or why it is none, with the line that it begins at.
pub(crate) struct Numbered {
    pub(crate) line: u64,
    pub(crate) record: Result<Record, Refusal>,
}

impl Format {
    /// Tells the format by the file's name.
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("ndjson" | "jsonl") => Ok(Self::Ndjson),
            Some("csv") => Ok(Self::Csv),
            Some(_) | None => bail!("{}: name it .ndjson or .csv", path.display()),
        }
    }

    /// Reads records one after the other; `at` is told how many bytes were read.
    pub(crate) fn read(
        self,
        path: &Path,
        at: impl Fn(u64) + 'static,
    ) -> anyhow::Result<Box<dyn Iterator<Item = io::Result<Numbered>>>> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let told = Told { file, at };
        Ok(match self {
            Self::Ndjson => Box::new(ndjson_file::read(BufReader::new(told))),
            Self::Csv => Box::new(
                csv_file::read(told).with_context(|| format!("{}: line 1", path.display()))?,
            ),
        })
    }

    /// Makes what writes records.
    pub(crate) fn write<W: Write + 'static>(self, to: W) -> io::Result<Box<dyn Sink>> {
        Ok(match self {
            Self::Ndjson => Box::new(ndjson_file::Writer(to)),
            Self::Csv => Box::new(csv_file::Writer::new(to)?),
        })
    }
}

/// Where records go.
pub(crate) trait Sink {
    fn put(&mut self, record: &Record) -> io::Result<()>;
    fn end(&mut self) -> io::Result<()>;
}

/// A file that tells how much of it was read.
struct Told<F> {
    file: File,
    at: F,
}

impl<F: Fn(u64)> io::Read for Told<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        (self.at)(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
