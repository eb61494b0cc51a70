//! A version of the key ring, as a rotation finds it.

use gatehouse_auth::key::KeyRing;

use crate::keys::error::KeyStoreError;

/// The current ring, and the id of this version.
#[derive(Debug)]
pub(crate) struct CurrentRing {
    pub(crate) ring: KeyRing,
    pub(crate) id: String,
}

/// The ring of a rotation, by its token.
#[derive(Debug)]
pub(crate) enum Staged {
    /// There is none, or another rotation has replaced it.
    Absent,
    /// It is pending.
    Pending(KeyRing),
    /// It is the current one.
    Current,
}

pub(super) fn parse(json: &str) -> Result<KeyRing, KeyStoreError> {
    KeyRing::parse(json).map_err(KeyStoreError::Ring)
}
