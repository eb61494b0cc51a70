//! A report next to the imported file, written while the import runs.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A file that is created with its first line. Only its owner can read it, because it lists
/// who has an account.
pub(super) struct ReportFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    length: u64,
}

impl ReportFile {
    /// Continues after the first `length` bytes, which an earlier run wrote. If `length` is 0,
    /// removes the file.
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

    /// Appends a line; puts `head` before the first one.
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

    /// Flushes all lines and returns the length in bytes.
    pub(super) fn flush(&mut self) -> anyhow::Result<u64> {
        if let Some(file) = &mut self.file {
            file.flush()
                .with_context(|| self.path.display().to_string())?;
        }
        Ok(self.length)
    }
}

/// Returns the path `users.csv.NAME` for `users.csv`.
pub(super) fn path(file: &Path, name: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".");
    path.push(name);
    PathBuf::from(path)
}
