//! The versions of the key ring: the current one, and a pending one.
//!
//! One interface for a secret, of which Secrets Manager keeps versions, and for a file,
//! which has a second file beside it. In both, a version is identified by the token of the
//! rotation that made it, and takes effect only in place of the one that the rotation read.

mod file;
mod secret;
mod version;

use gatehouse_auth::key::KeyRing;

use crate::keys::error::KeyStoreError;
use crate::keys::ring::KeyRingSource;
use file::FileRing;
use secret::SecretRing;
pub(crate) use version::{CurrentRing, Staged};

/// The key ring, for whoever rotates it.
#[derive(Debug)]
pub struct KeyRingVersions(Backend);

#[derive(Debug)]
enum Backend {
    File(FileRing),
    Secret(SecretRing),
}

impl KeyRingVersions {
    /// Uses the ring of that source; nothing is read yet.
    #[must_use]
    pub fn new(source: KeyRingSource) -> Self {
        Self(match source {
            KeyRingSource::File(path) => Backend::File(FileRing::new(path)),
            KeyRingSource::Secret { arn, client } => Backend::Secret(SecretRing::new(arn, client)),
        })
    }

    /// Reads the current ring, which may have no keys.
    pub(crate) async fn current(&self) -> Result<CurrentRing, KeyStoreError> {
        match &self.0 {
            Backend::File(file) => file.current(),
            Backend::Secret(secret) => secret.current().await,
        }
    }

    /// Looks for the ring of a rotation.
    pub(crate) async fn staged(&self, token: &str) -> Result<Staged, KeyStoreError> {
        match &self.0 {
            Backend::File(file) => file.staged(token),
            Backend::Secret(secret) => secret.staged(token).await,
        }
    }

    /// Stages the ring of a rotation, in place of any other rotation's. If this rotation
    /// has one already, that one stays.
    pub(crate) async fn stage(&self, token: &str, ring: &KeyRing) -> Result<(), KeyStoreError> {
        match &self.0 {
            Backend::File(file) => file.stage(token, ring),
            Backend::Secret(secret) => secret.stage(token, ring).await,
        }
    }

    /// Makes the pending ring the current one, in place of the version `from`. Returns
    /// false, and changes nothing, if that is no longer the current one.
    pub(crate) async fn promote(&self, token: &str, from: &str) -> Result<bool, KeyStoreError> {
        match &self.0 {
            Backend::File(file) => file.promote(token, from),
            Backend::Secret(secret) => secret.promote(token, from).await,
        }
    }

    /// Discards the pending ring of a rotation.
    pub(crate) async fn discard(&self, token: &str) -> Result<(), KeyStoreError> {
        match &self.0 {
            Backend::File(file) => file.discard(token),
            Backend::Secret(secret) => secret.discard(token).await,
        }
    }
}
