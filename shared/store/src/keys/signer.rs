//! The keys of a function that signs, and the look at the floor under them.
//!
//! A process remembers the ring for minutes. Before it uses the ring, it looks at the
//! published floor, unless it has done so a moment ago: see [`FloorLook`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatehouse_auth::key::{FloorLook, KeyRing, MacKey, MacKid, SigningKey};
use gatehouse_auth::time::Timestamp;

use crate::keys::error::KeyStoreError;
use crate::keys::published::SigningKeys;
use crate::keys::ring::{CachedKeyRing, KeyRingSource};

/// The keys of a function that signs.
#[derive(Debug)]
pub struct Signer {
    ring: CachedKeyRing,
    published: SigningKeys,
    look: Mutex<Option<FloorLook>>,
}

/// A ring that was not below the floor, as of a look.
#[derive(Debug, Clone)]
pub struct CheckedRing {
    ring: Arc<KeyRing>,
    look: FloorLook,
}

impl Signer {
    /// Combines the ring and the published keys; nothing is read yet.
    #[must_use]
    pub fn new(ring: KeyRingSource, published: SigningKeys) -> Self {
        Self {
            ring: CachedKeyRing::new(ring, RING_AGE),
            published,
            look: Mutex::new(None),
        }
    }

    /// Returns the ring, fetched again if it is below the floor. `now` is the moment
    /// when the request began. Run this beside the request's first read: if the last
    /// look is old, it reads an item.
    ///
    /// # Errors
    /// [`KeyStoreError::BelowFloor`] if even the fetched ring is below the floor;
    /// another [`KeyStoreError`] if the floor or the ring could not be read.
    pub async fn ring(&self, now: Timestamp) -> Result<CheckedRing, KeyStoreError> {
        let (look, ring) = tokio::join!(self.look(now), self.ring.current(now));
        self.check(ring?, look?, now).await
    }

    /// Returns the ring to verify a refresh token with, whose MAC key the token names. The
    /// ring may lack that key: then the token is not one of ours.
    ///
    /// If another process has noticed a removal that this one has not, the token may have
    /// a newer key, so an unknown one costs a look. It never costs a read of the secret,
    /// unless the ring is below the floor.
    ///
    /// # Errors
    /// As [`ring`](Self::ring).
    pub async fn ring_for_token(
        &self,
        id: &MacKid,
        now: Timestamp,
    ) -> Result<CheckedRing, KeyStoreError> {
        let checked = self.ring(now).await?;
        if checked.mac(id).is_some() || checked.look.is_latest(now) {
            return Ok(checked);
        }
        let look = self.look_again(now).await?;
        self.check(checked.ring, look, now).await
    }

    /// Returns a ring with the MAC key that a stored session names, or `None` if there is
    /// no such key. Another process may have named a key that this one has not read yet.
    ///
    /// Never call this for a key that a client names: it may read the secret.
    ///
    /// # Errors
    /// As [`ring`](Self::ring), and [`KeyStoreError::HeldBack`] while the key may be newer
    /// than the ring.
    pub async fn ring_with_mac(
        &self,
        id: &MacKid,
        now: Timestamp,
    ) -> Result<Option<CheckedRing>, KeyStoreError> {
        let checked = self.ring(now).await?;
        if checked.mac(id).is_some() {
            return Ok(Some(checked));
        }
        let Some(ring) = self.ring.with_mac(id, now).await? else {
            return Ok(None);
        };
        Ok(Some(self.check(ring, checked.look, now).await?))
    }

    async fn check(
        &self,
        ring: Arc<KeyRing>,
        look: FloorLook,
        now: Timestamp,
    ) -> Result<CheckedRing, KeyStoreError> {
        let floor = look.floor();
        let below = KeyStoreError::BelowFloor {
            ring: ring.version(),
            floor,
        };
        let ring = if ring.version() >= floor {
            ring
        } else {
            self.ring.at_least(floor, now).await?.ok_or(below)?
        };
        Ok(CheckedRing { ring, look })
    }

    /// Returns the last look, or looks again if that is old.
    async fn look(&self, now: Timestamp) -> Result<FloorLook, KeyStoreError> {
        let last = *self.look.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.filter(|last| last.is_recent(now)) {
            return Ok(last);
        }
        self.look_again(now).await
    }

    async fn look_again(&self, now: Timestamp) -> Result<FloorLook, KeyStoreError> {
        let look = FloorLook::new(self.published.floor().await?, now);
        let mut last = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        let look = last.map_or(look, |last| last.and(look));
        *last = Some(look);
        Ok(look)
    }
}

impl CheckedRing {
    /// Returns the keys that sign access tokens and authenticate refresh tokens. `now` is
    /// the moment of signing, not the beginning of the request.
    ///
    /// # Errors
    /// [`KeyStoreError::LookTooOld`] if a key may have been removed since the look;
    /// [`KeyStoreError::NotReady`] if the ring has no active keys.
    pub fn signers(&self, now: Timestamp) -> Result<(&SigningKey, &MacKey), KeyStoreError> {
        if !self.look.allows_signing(now) {
            return Err(KeyStoreError::LookTooOld);
        }
        let (active, mac) = (self.ring.active(), self.ring.active_mac());
        active.zip(mac).ok_or(KeyStoreError::NotReady)
    }

    /// Returns the refresh MAC key with this id, whatever its state.
    #[must_use]
    pub fn mac(&self, id: &MacKid) -> Option<&MacKey> {
        self.ring.mac(id)
    }

    /// Returns the id of the MAC key that authenticates new refresh tokens.
    #[must_use]
    pub fn active_mac_id(&self) -> Option<MacKid> {
        self.ring.active_mac().map(MacKey::id)
    }
}

/// How old a ring may be if no key has been removed. Longer delays a rotation; shorter
/// reads the secret more often.
const RING_AGE: Duration = Duration::from_mins(5);
