//! How the published keys follow a ring: they first gain its keys, and adopt its
//! states only once the ring signs.

use super::{PublishedKeys, RETIRED_LIFE};
use crate::key::algorithm::Algorithm;
use crate::key::kid::Kid;
use crate::key::public::PublicJwk;
use crate::key::ring::KeyRing;
use crate::key::state::{KeyEntry, KeyState};
use crate::time::Timestamp;

/// A published key, without its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedKeyEntry<'a> {
    /// The key's id.
    pub kid: &'a Kid,
    /// The algorithm of the signatures that it verifies.
    pub algorithm: Algorithm,
    /// Its state, as far as it was recorded.
    pub state: KeyState,
    /// Since when: for a pending key, its publication; for a retired one, the moment
    /// when that was recorded, after the ring had changed.
    pub since: Timestamp,
}

impl PublishedKeys {
    /// Returns the set before the first publication.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(0, Vec::new())
    }

    /// Returns the next set, with the keys of a ring that does not sign yet, or
    /// `None` if it has all of them already and is as new as the ring. Removes nothing.
    #[must_use]
    pub fn adding(&self, ring: &KeyRing, now: Timestamp) -> Option<Self> {
        let mut keys = self.keys.clone();
        // No ring takes effect with a number above this one, so that a removal can number its
        // ring above every other.
        let mut changed = ring.version() > self.version;
        for ours in ring.entries() {
            let public = KeyEntry::pending(ours.key.public(), now);
            match keys.iter_mut().find(|entry| entry.key == public.key) {
                // Dropped when its time was over; the ring drops it in its next step.
                None if ours.is_retired_for(RETIRED_LIFE, now) => continue,
                None => keys.push(public),
                // Retired as unowned by a rotation that did not know this ring.
                Some(entry) if is_retired(entry) && !is_retired(ours) => *entry = public,
                Some(_) => continue,
            }
            changed = true;
        }
        changed.then(|| self.next(keys, ring))
    }

    /// Returns the next set, with the states of a ring that signs, or `None` if
    /// they are right already.
    ///
    /// A key that has just been retired gets the current time and not the ring's:
    /// other processes signed with it until the ring was in force. Keys of no ring
    /// are retired; removed keys go at once, retired ones when their time is over. The
    /// floor rises to the ring's, and never falls.
    #[must_use]
    pub fn settled(&self, ring: &KeyRing, now: Timestamp) -> Option<Self> {
        let added = self.adding(ring, now);
        let floor = self.floor.max(ring.floor());
        let mut changed = added.is_some() || floor != self.floor;
        let mut keys = Vec::new();
        for entry in added.map_or_else(|| self.keys.clone(), |added| added.keys) {
            let (state, kid) = (entry.state, entry.key.kid());
            let wanted = ring.entries().find(|entry| entry.key.kid() == kid);
            let gone = ring.has_removed(kid) || entry.is_retired_for(RETIRED_LIFE, now);
            if gone {
                changed = true;
                continue;
            }
            let entry = match wanted.map(|entry| entry.state) {
                Some(KeyState::Pending) => entry,
                Some(KeyState::Active) => entry.promote(now),
                Some(KeyState::Retired) | None => entry.retire(now),
            };
            changed |= entry.state != state;
            keys.push(entry);
        }
        changed.then(|| self.next(keys, ring).with_floor(floor))
    }

    /// Returns since when a key has been published. That is known until it is
    /// promoted.
    #[must_use]
    pub fn published_at(&self, kid: &Kid) -> Option<Timestamp> {
        self.since(kid, KeyState::Pending)
    }

    /// Returns when it was recorded that a key signs, a moment after it began to.
    #[must_use]
    pub fn activated_at(&self, kid: &Kid) -> Option<Timestamp> {
        self.since(kid, KeyState::Active)
    }

    /// Iterates over the keys, including those that readers drop by themselves.
    pub fn entries(&self) -> impl Iterator<Item = PublishedKeyEntry<'_>> {
        self.keys.iter().map(|entry| PublishedKeyEntry {
            kid: entry.key.kid(),
            algorithm: entry.key.algorithm(),
            state: entry.state,
            since: entry.since,
        })
    }

    fn since(&self, kid: &Kid, state: KeyState) -> Option<Timestamp> {
        self.keys
            .iter()
            .find(|entry| entry.key.kid() == kid && entry.state == state)
            .map(|entry| entry.since)
    }

    fn next(&self, keys: Vec<KeyEntry<PublicJwk>>, ring: &KeyRing) -> Self {
        let version = self.version.saturating_add(1).max(ring.version());
        Self::new(version, keys).with_floor(self.floor)
    }
}

fn is_retired<K>(entry: &KeyEntry<K>) -> bool {
    entry.state == KeyState::Retired
}

#[cfg(test)]
mod tests;
