//! The versions of a ring in files: the current one, and a pending one beside it.
//!
//! Each is written to a draft and renamed, so that no reader ever sees half a file. A lock,
//! which the system releases when a process dies, turns comparing and writing into one step.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use gatehouse_auth::key::KeyRing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::version::{CurrentRing, Staged, parse};
use crate::keys::error::KeyStoreError;
use crate::private_file;

/// The ring before the first rotation, as in a new secret.
const NO_KEYS: &str = r#"{"version":0}"#;

/// A file that contains a ring. The id of a version is the ring's own number.
#[derive(Debug)]
pub(super) struct FileRing {
    path: PathBuf,
}

/// The pending ring of a rotation, with its token. The file stays when the ring has become
/// the current one, as a label of Secrets Manager does.
#[derive(Serialize, Deserialize)]
struct PendingRing {
    token: String,
    ring: Box<RawValue>,
}

impl FileRing {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn current(&self) -> Result<CurrentRing, KeyStoreError> {
        let json = read(&self.path).map_err(KeyStoreError::File)?;
        let ring = parse(json.as_ref().map_or(NO_KEYS, |json| json.expose_secret()))?;
        let id = ring.version().to_string();
        Ok(CurrentRing { ring, id })
    }

    pub(super) fn staged(&self, token: &str) -> Result<Staged, KeyStoreError> {
        let Some(pending) = self.pending().map_err(KeyStoreError::File)? else {
            return Ok(Staged::Absent);
        };
        if pending.token != token {
            return Ok(Staged::Absent);
        }
        let ring = parse(pending.ring.get())?;
        // If nothing was changed, it may be promoted once more.
        if ring.is_same(&self.current()?.ring) {
            Ok(Staged::Current)
        } else {
            Ok(Staged::Pending(ring))
        }
    }

    pub(super) fn stage(&self, token: &str, ring: &KeyRing) -> Result<(), KeyStoreError> {
        let _lock = self.lock().map_err(KeyStoreError::File)?;
        let there = self.pending().map_err(KeyStoreError::File)?;
        if there.is_some_and(|pending| pending.token == token) {
            return Ok(());
        }
        let json = ring.to_json();
        let written = RawValue::from_string(json.expose_secret().to_owned())
            .and_then(|ring| {
                let token = token.to_owned();
                serde_json::to_string(&PendingRing { token, ring })
            })
            .map_err(io::Error::other)
            .and_then(|text| private_file::write(&self.pending_path(), &text));
        written.map_err(KeyStoreError::File)
    }

    pub(super) fn promote(&self, token: &str, from: &str) -> Result<bool, KeyStoreError> {
        let _lock = self.lock().map_err(KeyStoreError::File)?;
        let Some(pending) = self.pending().map_err(KeyStoreError::File)? else {
            return Ok(false);
        };
        if pending.token != token || self.current()?.id != from {
            return Ok(false);
        }
        let ring = parse(pending.ring.get())?;
        private_file::write(&self.path, ring.to_json().expose_secret())
            .map_err(KeyStoreError::File)?;
        Ok(true)
    }

    pub(super) fn discard(&self, token: &str) -> Result<(), KeyStoreError> {
        let discarded = self.lock().and_then(|_lock| {
            let there = self.pending()?;
            if there.is_some_and(|pending| pending.token == token) {
                fs::remove_file(self.pending_path())?;
            }
            Ok(())
        });
        discarded.map_err(KeyStoreError::File)
    }

    fn pending(&self) -> io::Result<Option<PendingRing>> {
        let Some(text) = read(&self.pending_path())? else {
            return Ok(None);
        };
        // The message of the parser could quote a key.
        serde_json::from_str(text.expose_secret())
            .map(Some)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn pending_path(&self) -> PathBuf {
        self.path.with_extension("pending.json")
    }

    fn lock(&self) -> io::Result<File> {
        let path = self.path.with_extension("lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let lock = options.mode(0o600).open(path)?;
        lock.lock()?;
        Ok(lock)
    }
}

/// Reads a file, if it exists.
fn read(path: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
