//! An emergency: a key leaves the ring at once, and with it all that it signed.

use super::{KeyRing, Removed, find};
use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::mac::MacKey;
use crate::key::private::SigningKey;
use crate::key::state::{KeyEntry, KeyState};
use crate::time::Timestamp;

impl KeyRing {
    /// Makes a ring without the signing key; with `refresh` without any of the
    /// refresh MAC keys, too, which ends every session.
    ///
    /// Where the active key goes, the pending one signs at once, however short
    /// its publication was: an emergency does not wait. The ring remembers the
    /// key for whoever publishes next, even one that it did not hold.
    ///
    /// # Errors
    /// [`KeyError`] when a key could not be made.
    pub fn remove(
        mut self,
        kid: &Kid,
        refresh: bool,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        self.0.version = self.0.version.saturating_add(1);
        self.0.signing.retain(|entry| entry.key.kid() != kid);
        refill(&mut self.0.signing, now, || SigningKey::generate(algorithm))?;
        if refresh {
            self.0.mac.clear();
        }
        refill(&mut self.0.mac, now, MacKey::generate)?;
        self.0.removed.retain(|removed| removed.kid != *kid);
        self.0.removed.push(Removed {
            kid: kid.clone(),
            at: now,
        });
        Ok(self)
    }

    /// True if the key was removed, so that it must not be published again.
    #[must_use]
    pub fn has_removed(&self, kid: &Kid) -> bool {
        self.0.removed.iter().any(|removed| removed.kid == *kid)
    }
}

/// Sees to it that there is an active key and a pending one.
fn refill<K>(
    keys: &mut Vec<KeyEntry<K>>,
    now: Timestamp,
    generate: impl Fn() -> Result<K, KeyError>,
) -> Result<(), KeyError> {
    if find(keys, KeyState::Active).is_none() {
        let pending = keys
            .iter()
            .position(|entry| entry.state == KeyState::Pending);
        let next = match pending {
            Some(index) => keys.remove(index),
            None => KeyEntry::pending(generate()?, now),
        };
        keys.push(next.promote(now));
    }
    if find(keys, KeyState::Pending).is_none() {
        keys.push(KeyEntry::pending(generate()?, now));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
