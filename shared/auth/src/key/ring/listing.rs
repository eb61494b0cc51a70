//! What may be shown of a ring: ids, states and times, never a key.

use super::KeyRing;
use crate::key::algorithm::Algorithm;
use crate::key::kid::Kid;
use crate::key::mac::MacKid;
use crate::key::private::SigningKey;
use crate::key::state::{KeyEntry, KeyState};
use crate::time::Timestamp;

/// A signing key of a ring, without the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningKeyEntry<'a> {
    /// The key's id.
    pub kid: &'a Kid,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// What it may be used for.
    pub state: KeyState,
    /// Since when, by the ring's own record.
    pub since: Timestamp,
}

/// A refresh MAC key of a ring, without the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacKeyEntry {
    /// The key's id.
    pub id: MacKid,
    /// What it may be used for.
    pub state: KeyState,
    /// Since when, by the ring's own record.
    pub since: Timestamp,
}

impl KeyRing {
    /// Iterates over the signing keys.
    pub fn signing_keys(&self) -> impl Iterator<Item = SigningKeyEntry<'_>> {
        self.0.signing.iter().map(|entry| SigningKeyEntry {
            kid: entry.key.kid(),
            algorithm: entry.key.algorithm(),
            state: entry.state,
            since: entry.since,
        })
    }

    /// Iterates over the refresh MAC keys.
    pub fn mac_keys(&self) -> impl Iterator<Item = MacKeyEntry> {
        self.0.mac.iter().map(|entry| MacKeyEntry {
            id: entry.key.id(),
            state: entry.state,
            since: entry.since,
        })
    }

    /// Iterates over the keys that sign or will sign, all of which must be published.
    pub(in crate::key) fn signers(&self) -> impl Iterator<Item = &SigningKey> {
        let signs = |entry: &&KeyEntry<SigningKey>| entry.state != KeyState::Retired;
        self.0.signing.iter().filter(signs).map(|entry| &entry.key)
    }

    /// Iterates over the signing keys with their states.
    pub(in crate::key) fn entries(&self) -> impl Iterator<Item = &KeyEntry<SigningKey>> {
        self.0.signing.iter()
    }
}
