//! The key ring: every private key of a deployment, in one JSON document.

use std::collections::HashSet;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::mac::{MacKey, MacKid};
use crate::key::private::SigningKey;
use crate::key::public::{PublicJwk, refuse_duplicates};
use crate::key::published::PublishedKeys;
use crate::key::state::{KeyEntry, KeyState};
use crate::newtype::redacted_debug;
use crate::time::Timestamp;

mod listing;
mod removal;
mod rotation;

pub use listing::{MacKeyEntry, SigningKeyEntry};
pub use rotation::{Rotation, RotationRules, RotationStep};

/// The private keys that sign access tokens and authenticate refresh tokens,
/// each with its state. Never printed.
pub struct KeyRing(Document);

/// The ring as it is stored. A new ring is `{"version":0}`: no keys yet.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    /// The version that this ring was made from, unless it is the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    /// The oldest version that may still sign; 0 as long as every version may.
    #[serde(default)]
    floor: u64,
    #[serde(default)]
    signing: Vec<KeyEntry<SigningKey>>,
    #[serde(default)]
    mac: Vec<KeyEntry<MacKey>>,
    /// Keys removed in an emergency, so that the next publication removes them too,
    /// even if the removal was interrupted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<Removed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Removed {
    kid: Kid,
    at: Timestamp,
}

impl KeyRing {
    /// Parses a ring.
    ///
    /// # Errors
    /// [`KeyError`] if it is malformed, if one of its keys is unusable, if two keys
    /// have the same id, or if more than one key of a kind is active.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        let document: Document = serde_json::from_str(json).map_err(|error| KeyError::Ring {
            line: error.line(),
            column: error.column(),
        })?;
        refuse_duplicates(document.signing.iter().map(|entry| entry.key.kid()))?;
        let mut seen = HashSet::new();
        if !document.mac.iter().all(|entry| seen.insert(entry.key.id())) {
            return Err(KeyError::DuplicateMacKid);
        }
        if count_active(&document.signing) > 1 || count_active(&document.mac) > 1 {
            return Err(KeyError::SeveralActive);
        }
        Ok(Self(document))
    }

    /// Creates the first ring: an active and a pending key of each kind.
    ///
    /// # Errors
    /// [`KeyError`] if a key could not be generated.
    pub fn first(algorithm: Algorithm, now: Timestamp) -> Result<Self, KeyError> {
        let mut document = Document {
            version: 1,
            after: None,
            floor: 0,
            signing: Vec::new(),
            mac: Vec::new(),
            removed: Vec::new(),
        };
        for state in [KeyState::Active, KeyState::Pending] {
            let key = SigningKey::generate(algorithm)?;
            document.signing.push(KeyEntry {
                state,
                since: now,
                key,
            });
            let key = MacKey::generate()?;
            document.mac.push(KeyEntry {
                state,
                since: now,
                key,
            });
        }
        Ok(Self(document))
    }

    /// Returns the ring as it is stored.
    ///
    /// # Panics
    /// Never: it contains no map and no non-finite number, so serialising it cannot fail.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "storing an empty text instead would destroy every key"
    )]
    pub fn to_json(&self) -> SecretString {
        serde_json::to_string(&self.0)
            .expect("a key ring serialises to JSON")
            .into()
    }

    /// Returns the ring's version: 0 before the first keys.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// Returns the oldest version that may still sign: the last removal created it, or
    /// the last promotion that did not wait for every signer.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.0.floor
    }

    /// Returns the key that signs access tokens, once there is one.
    #[must_use]
    pub fn active(&self) -> Option<&SigningKey> {
        find_active(&self.0.signing)
    }

    /// Returns the key that authenticates new refresh tokens, once there is one.
    #[must_use]
    pub fn active_mac(&self) -> Option<&MacKey> {
        find_active(&self.0.mac)
    }

    /// Returns the refresh MAC key with this id, whatever its state.
    #[must_use]
    pub fn mac(&self, id: &MacKid) -> Option<&MacKey> {
        self.0
            .mac
            .iter()
            .map(|entry| &entry.key)
            .find(|key| key.id() == *id)
    }

    /// Returns what verifiers may know about the ring: only the public halves.
    #[must_use]
    pub fn published(&self) -> PublishedKeys {
        let public = |entry: &KeyEntry<SigningKey>| -> KeyEntry<PublicJwk> {
            let key = entry.key.public();
            KeyEntry {
                state: entry.state,
                since: entry.since,
                key,
            }
        };
        PublishedKeys::new(self.0.version, self.0.signing.iter().map(public).collect())
            .with_floor(self.0.floor)
    }
}

redacted_debug!(KeyRing, |ring| format_args!("version {}", ring.0.version));

fn find_active<K>(keys: &[KeyEntry<K>]) -> Option<&K> {
    find(keys, KeyState::Active).map(|entry| &entry.key)
}

fn find<K>(keys: &[KeyEntry<K>], state: KeyState) -> Option<&KeyEntry<K>> {
    keys.iter().find(|entry| entry.state == state)
}

fn count_active<K>(keys: &[KeyEntry<K>]) -> usize {
    keys.iter()
        .filter(|entry| entry.state == KeyState::Active)
        .count()
}

#[cfg(test)]
mod tests;
