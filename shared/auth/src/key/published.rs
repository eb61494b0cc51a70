//! The published keys: what verifiers read, and what anyone may see.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::claims::MAX_LIFETIME;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::public::{PublicJwk, refuse_duplicates};
use crate::key::ring::KeyRing;
use crate::key::state::KeyEntry;
use crate::key::verifying::VerifyingKeys;
use crate::time::Timestamp;

mod following;
mod proof;

pub use following::PublishedKeyEntry;
pub use proof::UnprovenKey;

/// The published JWK Set with each key's state and time, as stored in the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Document")]
pub struct PublishedKeys {
    version: u64,
    floor: u64,
    keys: Vec<KeyEntry<PublicJwk>>,
}

impl PublishedKeys {
    pub(crate) fn new(version: u64, keys: Vec<KeyEntry<PublicJwk>>) -> Self {
        Self {
            version,
            floor: 0,
            keys,
        }
    }

    pub(crate) fn with_floor(self, floor: u64) -> Self {
        Self { floor, ..self }
    }

    /// Returns the version; the next publication is conditional on it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns the oldest version of the key ring that may still sign.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// True if signers may use the ring. A ring without keys signs nothing.
    #[must_use]
    pub fn admit(&self, ring: &KeyRing) -> bool {
        ring.version() >= self.floor || ring.active().is_none()
    }

    /// Returns the public JWK Set (RFC 7517 section 5).
    #[must_use]
    pub fn jwk_set(&self, now: Timestamp) -> Value {
        let keys: Vec<Value> = self.live(now).map(PublicJwk::to_json).collect();
        json!({ "keys": keys })
    }

    /// Prepares the keys that currently verify.
    #[must_use]
    pub fn verifying(&self, now: Timestamp) -> VerifyingKeys {
        VerifyingKeys::from_jwks(self.live(now).cloned().collect())
    }

    /// Iterates over the ids of the keys that currently verify.
    pub fn kids(&self, now: Timestamp) -> impl Iterator<Item = &Kid> {
        self.live(now).map(PublicJwk::kid)
    }

    /// Leaves out retired keys whose last token must have expired, so that they
    /// disappear even if no rotation removes them.
    fn live(&self, now: Timestamp) -> impl Iterator<Item = &PublicJwk> {
        self.keys
            .iter()
            .filter(move |entry| !entry.is_retired_for(RETIRED_LIFE, now))
            .map(|entry| &entry.key)
    }
}

#[derive(Deserialize)]
struct Document {
    version: u64,
    /// Absent from items of a release without floors.
    #[serde(default)]
    floor: u64,
    keys: Vec<KeyEntry<PublicJwk>>,
}

impl TryFrom<Document> for PublishedKeys {
    type Error = KeyError;

    fn try_from(document: Document) -> Result<Self, KeyError> {
        refuse_duplicates(document.keys.iter().map(|entry| entry.key.kid()))?;
        Ok(Self::new(document.version, document.keys).with_floor(document.floor))
    }
}

/// How long a retired key still verifies: until the last token of the stalest
/// signer has expired.
pub(crate) const RETIRED_LIFE: Duration = STALEST_SIGNER
    .saturating_add(MAX_LIFETIME)
    .saturating_add(CLOCK_MARGIN);
/// How long a signer may use an old ring: an hour if it cannot be reread, plus its
/// cache age. Less refuses valid tokens.
pub(crate) const STALEST_SIGNER: Duration = Duration::from_mins(65);
/// Allowance for clocks that differ. Less refuses valid tokens.
pub(crate) const CLOCK_MARGIN: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests;
