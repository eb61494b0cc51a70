//! An emergency: a key leaves the ring at once, and everything it signed is invalid.

use super::{KeyRing, Removed, find};
use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::kid::Kid;
use crate::key::mac::MacKey;
use crate::key::private::SigningKey;
use crate::key::published::PublishedKeys;
use crate::key::state::{KeyEntry, KeyState};
use crate::time::Timestamp;

impl KeyRing {
    /// Returns a ring without the signing key; with `refresh`, also without any of
    /// the current refresh MAC keys, which ends every session.
    ///
    /// If the active key is removed, the pending one signs at once, however recently
    /// it was published: an emergency does not wait. The ring records the key for
    /// the next publication, even if the ring did not contain it.
    ///
    /// The new version is the floor: no ring that was made before may sign from now on, also
    /// none that a process remembers or that is restored from a backup. So it is above every
    /// version that was ever published, not only above this ring's, which may have been
    /// restored itself. A ring from below the floor does not know which keys were removed
    /// after it, so it keeps none that is not published.
    ///
    /// # Errors
    /// [`KeyError`] if a key could not be generated.
    pub fn remove(
        mut self,
        kid: &Kid,
        refresh: bool,
        published: &PublishedKeys,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        if !published.admit(&self) {
            let is_published = |kid: &Kid| published.entries().any(|entry| entry.kid == kid);
            self.0.signing.retain(|entry| is_published(entry.key.kid()));
        }
        // No ring takes effect before the published keys have a version that is as high.
        self.advance_past(published.floor().max(published.version()));
        self.0.floor = self.0.version;
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

    /// Numbers the ring as the successor of its present version and of `floor`.
    pub(super) fn advance_past(&mut self, floor: u64) {
        let version = self.0.version;
        self.0.version = version.max(floor).saturating_add(1);
        self.0.after = (version < floor).then_some(version);
    }

    /// True if the key was removed and must not be published again.
    #[must_use]
    pub fn has_removed(&self, kid: &Kid) -> bool {
        self.0.removed.iter().any(|removed| removed.kid == *kid)
    }
}

/// Makes sure that there is an active key and a pending one.
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
