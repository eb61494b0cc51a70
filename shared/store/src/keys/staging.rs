//! The key ring with its versions: the one in force, and one that waits to be.
//!
//! One interface over two places. A secret has its versions from Secrets
//! Manager; a file has a second one beside it. In both a version is named by the
//! token of the rotation that made it, and comes into force only in place of the
//! one that its rotation has seen.

mod file;
mod secret;

use gatehouse_auth::key::KeyRing;

use crate::keys::error::KeyStoreError;
use crate::keys::ring::KeyRingSource;
use file::FileRing;
use secret::SecretRing;

/// The key ring, for who rotates it.
#[derive(Debug)]
pub struct KeyRingVersions(Place);

#[derive(Debug)]
enum Place {
    File(FileRing),
    Secret(SecretRing),
}

/// The ring in force, and what names this version of it.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) ring: KeyRing,
    pub(crate) id: String,
}

/// What there is of a rotation, by its token.
#[derive(Debug)]
pub(crate) enum Staged {
    /// No version of it, or none any more: another rotation has come since.
    Absent,
    /// The ring that it made, which waits.
    Waiting(KeyRing),
    /// Its ring is the one in force.
    InForce,
}

impl KeyRingVersions {
    /// Names the place. Nothing is read yet.
    #[must_use]
    pub fn new(source: KeyRingSource) -> Self {
        Self(match source {
            KeyRingSource::File(path) => Place::File(FileRing::new(path)),
            KeyRingSource::Secret { arn, client } => Place::Secret(SecretRing::new(arn, client)),
        })
    }

    /// Reads the ring in force, one without keys too.
    pub(crate) async fn in_force(&self) -> Result<InForce, KeyStoreError> {
        match &self.0 {
            Place::File(file) => file.in_force(),
            Place::Secret(secret) => secret.in_force().await,
        }
    }

    /// Looks for the ring of a rotation.
    pub(crate) async fn staged(&self, token: &str) -> Result<Staged, KeyStoreError> {
        match &self.0 {
            Place::File(file) => file.staged(token),
            Place::Secret(secret) => secret.staged(token).await,
        }
    }

    /// Lets the ring of a rotation wait, in place of any other's. Where this
    /// rotation has one already, that one stays.
    pub(crate) async fn stage(&self, token: &str, ring: &KeyRing) -> Result<(), KeyStoreError> {
        match &self.0 {
            Place::File(file) => file.stage(token, ring),
            Place::Secret(secret) => secret.stage(token, ring).await,
        }
    }

    /// Brings the waiting ring into force in place of the version `from`.
    /// Returns false, and changes nothing, if that is not in force any more.
    pub(crate) async fn promote(&self, token: &str, from: &str) -> Result<bool, KeyStoreError> {
        match &self.0 {
            Place::File(file) => file.promote(token, from),
            Place::Secret(secret) => secret.promote(token, from).await,
        }
    }

    /// Lets the ring of a rotation wait no more.
    pub(crate) async fn discard(&self, token: &str) -> Result<(), KeyStoreError> {
        match &self.0 {
            Place::File(file) => file.discard(token),
            Place::Secret(secret) => secret.discard(token).await,
        }
    }
}

fn parse(json: &str) -> Result<KeyRing, KeyStoreError> {
    KeyRing::parse(json).map_err(KeyStoreError::Ring)
}
