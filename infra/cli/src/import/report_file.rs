//! A file beside the one that is imported, which grows while the import runs.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file that exists once it has a line. Only its owner may read it: it says who
/// has an account.
pub(super) struct ReportFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    length: u64,
}

impl ReportFile {
    /// Goes on after the first `length` bytes that an earlier run wrote; removes the
    /// file if there are none.
    pub(super) fn open(path: PathBuf, length: u64) -> anyhow::Result<Self> {
        let shown = || path.display().to_string();
        let mut kept = 0;
        match std::fs::metadata(&path) {
            Ok(_) if length == 0 => std::fs::remove_file(&path).with_context(shown)?,
            Ok(there) => {
                kept = length.min(there.len());
                let file = OpenOptions::new().write(true).open(&path);
                file.and_then(|file| file.set_len(kept))
                    .with_context(shown)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(shown),
        }
        Ok(Self {
            path,
            file: None,
            length: kept,
        })
    }

    /// Adds a line, after `head` if it is the first.
    pub(super) fn line(&mut self, head: &str, line: &[u8]) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut options = OpenOptions::new();
                options.create(true).append(true).mode(0o600);
                let file = options.open(&self.path);
                let file = file.with_context(|| self.path.display().to_string())?;
                none.insert(BufWriter::new(file))
            }
        };
        let head = if self.length == 0 { head } else { "" };
        for part in [head.as_bytes(), line, b"\n"] {
            file.write_all(part)
                .with_context(|| self.path.display().to_string())?;
            self.length += part.len() as u64;
        }
        Ok(())
    }

    /// Hands everything to the disk; returns the length in bytes.
    pub(super) fn flush(&mut self) -> anyhow::Result<u64> {
        if let Some(file) = &mut self.file {
            file.flush()
                .with_context(|| self.path.display().to_string())?;
        }
        Ok(self.length)
    }
}

/// `users.csv` has `users.csv.NAME` beside it.
pub(super) fn path(file: &Path, name: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".");
    path.push(name);
    PathBuf::from(path)
}
