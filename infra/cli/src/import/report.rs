//! The lines that were refused, with the reason and without what they hold.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::checkpoint::beside;
use crate::people::Refusal;

/// A file that exists once there is something to say.
pub(super) struct Report {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    #[serde(flatten)]
    refusal: &'a Refusal,
}

impl Report {
    /// Goes on with the one of an earlier run, or forgets it.
    pub(super) fn open(file: &Path, go_on: bool) -> anyhow::Result<Self> {
        let path = path(file);
        if !go_on && path.exists() {
            std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        Ok(Self { path, file: None })
    }

    pub(super) fn refused(&mut self, line: u64, refusal: &Refusal) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&self.path);
                let file = file.with_context(|| self.path.display().to_string())?;
                none.insert(BufWriter::new(file))
            }
        };
        serde_json::to_writer(&mut *file, &Line { line, refusal })?;
        file.write_all(b"\n")
            .context("the report cannot be written")
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        match &mut self.file {
            Some(file) => file.flush().context("the report cannot be written"),
            None => Ok(()),
        }
    }

    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.flush()
    }
}

/// Where the report on a file is.
pub(super) fn path(file: &Path) -> PathBuf {
    beside(file, "refused.ndjson")
}
