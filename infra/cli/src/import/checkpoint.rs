//! How far an import has come: a file beside the one that is imported.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gatehouse_auth::random;
use serde::{Deserialize, Serialize};

use super::Tally;

/// What a run leaves for the next one.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Names this import, over all its runs.
    pub(super) import: String,
    /// The records that are done with.
    pub(super) records: u64,
    pub(super) tally: Tally,
    size: u64,
    table: String,
    /// Where it is kept; nowhere for who only looks.
    #[serde(skip)]
    path: Option<PathBuf>,
}

impl Checkpoint {
    /// Reads what an earlier run has left, or begins.
    pub(super) fn open(file: &Path, size: u64, table: &str) -> anyhow::Result<Self> {
        let path = beside(file, "checkpoint.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut begun = Self::passing()?;
                table.clone_into(&mut begun.table);
                begun.size = size;
                begun.path = Some(path);
                begun.save()?;
                return Ok(begun);
            }
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let shown = path.display();
        let mut left: Self =
            serde_json::from_str(&text).with_context(|| format!("{shown} cannot be read"))?;
        if left.size != size || left.table != table {
            bail!(
                "{shown} is of another file or of another stack: finish that import, or delete it to begin anew"
            );
        }
        left.path = Some(path);
        Ok(left)
    }

    /// One that is kept nowhere.
    pub(super) fn passing() -> anyhow::Result<Self> {
        Ok(Self {
            import: format!("{:032x}", u128::from_be_bytes(random::bytes()?)),
            records: 0,
            tally: Tally::default(),
            size: 0,
            table: String::new(),
            path: None,
        })
    }

    /// Writes it down, whole or not at all.
    pub(super) fn save(&self) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let next = path.with_extension("next");
        let text = serde_json::to_string(self)?;
        fs::write(&next, text)
            .and_then(|()| fs::rename(&next, path))
            .with_context(|| path.display().to_string())
    }

    /// Removes it: the import is whole.
    pub(super) fn end(self) -> anyhow::Result<Tally> {
        if let Some(path) = &self.path {
            fs::remove_file(path).with_context(|| path.display().to_string())?;
        }
        Ok(self.tally)
    }
}

/// `users.csv` has `users.csv.NAME` beside it.
pub(super) fn beside(file: &Path, name: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".");
    path.push(name);
    PathBuf::from(path)
}
