//! The folder of the packages, and its `SHA256SUMS`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::package::sha256;

/// Files that were written to a folder.
#[derive(Debug)]
pub(super) struct Checksums {
    folder: PathBuf,
    files: Vec<Written>,
}

/// A file, with what identifies it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) bytes: usize,
    pub(super) sha256: String,
}

impl Checksums {
    /// Replaces the folder, so that no package of an earlier build is in it.
    pub(super) fn in_new_folder(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        if let Err(error) = fs::remove_dir_all(folder)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot remove {shown}"));
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot create {shown}"))?;
        Ok(Self {
            folder: folder.to_owned(),
            files: Vec::new(),
        })
    }

    /// Writes a file.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.write_unlisted(name, bytes)?;
        self.files.push(Written {
            name: name.to_owned(),
            bytes: bytes.len(),
            sha256: sha256(bytes),
        });
        Ok(())
    }

    /// Writes `SHA256SUMS`, for `sha256sum --check`.
    pub(super) fn finish(mut self) -> anyhow::Result<Vec<Written>> {
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
        let lines = self.files.iter();
        let lines = lines.map(|file| format!("{}  {}\n", file.sha256, file.name));
        let lines: String = lines.collect();
        self.write_unlisted("SHA256SUMS", lines.as_bytes())?;
        Ok(self.files)
    }

    fn write_unlisted(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }
}
