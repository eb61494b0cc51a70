//! How far an import has come: a file beside the one that is imported.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gatehouse_auth::id::SubjectId;
use gatehouse_store::private_file;
use serde::{Deserialize, Serialize};

use super::report_file;
use super::tally::Tally;

/// What a run leaves for the next one.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Which import this is.
    pub(super) of: Identity,
    /// The entries of the file that are done with.
    pub(super) entries: u64,
    pub(super) tally: Tally,
    /// Lengths of the files beside, in bytes: what a run wrote to them after its last
    /// checkpoint is written again.
    pub(super) refused: u64,
    pub(super) warnings: u64,
    pub(super) ids: u64,
    /// Somebody who is in the table if it is still the same table.
    pub(super) last: Option<SubjectId>,
}

/// An import is the same if it reads the same bytes in the same way into the same
/// stack.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The SHA-256 of the file in base64url.
    pub(super) digest: String,
    pub(super) stack: String,
    pub(super) options: String,
}

impl Checkpoint {
    /// Reads what an earlier run has left, if anything.
    pub(super) fn read(file: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(file);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let left = serde_json::from_str(&text).with_context(|| {
            let path = path.display();
            format!("{path} cannot be read: delete it to start from the first line")
        })?;
        Ok(Some(left))
    }

    /// Writes it, readable only by its owner.
    pub(super) fn save(&self, file: &Path) -> anyhow::Result<()> {
        let path = path(file);
        private_file::write(&path, &serde_json::to_string(self)?)
            .with_context(|| path.display().to_string())
    }

    /// Removes it: the import is complete.
    pub(super) fn remove(file: &Path) -> anyhow::Result<()> {
        let path = path(file);
        fs::remove_file(&path).with_context(|| path.display().to_string())
    }
}

fn path(file: &Path) -> PathBuf {
    report_file::path(file, "checkpoint.json")
}
