//! The progress of an import, in a file next to the imported one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gatehouse_auth::id::SubjectId;
use gatehouse_store::private_file;
use serde::{Deserialize, Serialize};

use super::report_file;
use super::tally::Tally;

/// The state that a run passes to the next one.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The import that it belongs to.
    #[serde(rename = "of")]
    pub(super) identity: Identity,
    /// The number of entries that have been processed.
    pub(super) entries: u64,
    pub(super) tally: Tally,
    /// The lengths of the report files in bytes. Anything that a run wrote to them after its
    /// last checkpoint is cut off, and written again.
    pub(super) refused: u64,
    pub(super) warnings: u64,
    pub(super) ids: u64,
    /// A user who must exist in the table, if it is still the same table.
    pub(super) last: Option<SubjectId>,
}

/// Identifies an import: the same file, options and stack.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The SHA-256 of the file in base64url.
    pub(super) digest: String,
    pub(super) stack: String,
    pub(super) options: String,
}

impl Checkpoint {
    /// Reads the checkpoint of an earlier run, if there is one.
    pub(super) fn read(file: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(file);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let left = serde_json::from_str(&text).with_context(|| {
            let path = path.display();
            format!("cannot read {path}: delete it to start from the first line")
        })?;
        Ok(Some(left))
    }

    /// Saves the checkpoint in a file that only its owner can read.
    pub(super) fn save(&self, file: &Path) -> anyhow::Result<()> {
        let path = path(file);
        private_file::write(&path, &serde_json::to_string(self)?)
            .with_context(|| path.display().to_string())
    }

    /// Removes the checkpoint after a complete import.
    pub(super) fn remove(file: &Path) -> anyhow::Result<()> {
        let path = path(file);
        fs::remove_file(&path).with_context(|| path.display().to_string())
    }
}

fn path(file: &Path) -> PathBuf {
    report_file::path(file, "checkpoint.json")
}
