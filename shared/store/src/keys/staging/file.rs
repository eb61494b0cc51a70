//! The versions of a ring in a file: one file in force, one beside it that waits.
//!
//! Each is written to a draft and renamed, so that nobody ever reads a half; a
//! lock, which the system takes back from a process that dies, makes comparing
//! and writing one step.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use gatehouse_auth::key::KeyRing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{InForce, Staged, parse};
use crate::keys::error::KeyStoreError;
use crate::private_file;

/// A file whose text is a ring. A version's id is the ring's own number.
#[derive(Debug)]
pub(super) struct FileRing {
    path: PathBuf,
}

/// The ring of a rotation, with its token. It stays when the ring is in force,
/// as a label does.
#[derive(Serialize, Deserialize)]
struct Waiting {
    token: String,
    ring: Box<RawValue>,
}

impl FileRing {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn in_force(&self) -> Result<InForce, KeyStoreError> {
        let json = read(&self.path).map_err(KeyStoreError::File)?;
        let ring = parse(json.as_ref().map_or(NO_KEYS, |json| json.expose_secret()))?;
        let id = ring.version().to_string();
        Ok(InForce { ring, id })
    }

    pub(super) fn staged(&self, token: &str) -> Result<Staged, KeyStoreError> {
        let Some(waiting) = self.waiting().map_err(KeyStoreError::File)? else {
            return Ok(Staged::Absent);
        };
        if waiting.token != token {
            return Ok(Staged::Absent);
        }
        let ring = parse(waiting.ring.get())?;
        // Where nothing was changed, it may be brought into force once more.
        if ring.is_same(&self.in_force()?.ring) {
            Ok(Staged::InForce)
        } else {
            Ok(Staged::Waiting(ring))
        }
    }

    pub(super) fn stage(&self, token: &str, ring: &KeyRing) -> Result<(), KeyStoreError> {
        let _lock = self.lock().map_err(KeyStoreError::File)?;
        let there = self.waiting().map_err(KeyStoreError::File)?;
        if there.is_some_and(|waiting| waiting.token == token) {
            return Ok(());
        }
        let json = ring.to_json();
        let written = RawValue::from_string(json.expose_secret().to_owned())
            .and_then(|ring| {
                let token = token.to_owned();
                serde_json::to_string(&Waiting { token, ring })
            })
            .map_err(io::Error::other)
            .and_then(|text| private_file::write(&self.waiting_path(), &text));
        written.map_err(KeyStoreError::File)
    }

    pub(super) fn promote(&self, token: &str, from: &str) -> Result<bool, KeyStoreError> {
        let _lock = self.lock().map_err(KeyStoreError::File)?;
        let Some(waiting) = self.waiting().map_err(KeyStoreError::File)? else {
            return Ok(false);
        };
        if waiting.token != token || self.in_force()?.id != from {
            return Ok(false);
        }
        let ring = parse(waiting.ring.get())?;
        private_file::write(&self.path, ring.to_json().expose_secret())
            .map_err(KeyStoreError::File)?;
        Ok(true)
    }

    pub(super) fn discard(&self, token: &str) -> Result<(), KeyStoreError> {
        let discarded = self.lock().and_then(|_lock| {
            let there = self.waiting()?;
            if there.is_some_and(|waiting| waiting.token == token) {
                fs::remove_file(self.waiting_path())?;
            }
            Ok(())
        });
        discarded.map_err(KeyStoreError::File)
    }

    fn waiting(&self) -> io::Result<Option<Waiting>> {
        let Some(text) = read(&self.waiting_path())? else {
            return Ok(None);
        };
        // What the parser says could quote a key.
        serde_json::from_str(text.expose_secret())
            .map(Some)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn waiting_path(&self) -> PathBuf {
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

/// Reads a file, if it is there.
fn read(path: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A ring before the first rotation, as a new secret has it.
const NO_KEYS: &str = r#"{"version":0}"#;

#[cfg(test)]
mod tests;
