//! How the published keys follow a ring: first they gain its keys, and only when
//! the ring signs do they take over its states.

use super::{PublishedKeys, RETIRED_LIFE};
use crate::key::algorithm::Algorithm;
use crate::key::kid::Kid;
use crate::key::public::PublicJwk;
use crate::key::ring::KeyRing;
use crate::key::state::{Held, KeyState};
use crate::time::Timestamp;

/// A published key, told without its material.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedKeyEntry<'a> {
    /// The key's id.
    pub kid: &'a Kid,
    /// What it verifies.
    pub algorithm: Algorithm,
    /// Its state, as far as that was written.
    pub state: KeyState,
    /// Since when: for a pending key its publication, for a retired one when
    /// that was written, after the ring had moved.
    pub since: Timestamp,
}

impl PublishedKeys {
    /// Makes the set before the first publication.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(0, Vec::new())
    }

    /// Returns the next set, with the keys of a ring that does not sign yet, or
    /// `None` where they are all there. It takes nothing away.
    #[must_use]
    pub fn adding(&self, ring: &KeyRing, now: Timestamp) -> Option<Self> {
        let mut keys = self.keys.clone();
        let mut changed = false;
        for ours in ring.held() {
            let public = Held::pending(ours.key.public(), now);
            match keys.iter_mut().find(|held| held.key == public.key) {
                // Dropped in its time, which the ring learns at its next step.
                None if ours.is_retired_for(RETIRED_LIFE, now) => continue,
                None => keys.push(public),
                // Retired as nobody's, by a run that did not know of this ring.
                Some(held) if is_retired(held) && !is_retired(ours) => *held = public,
                Some(_) => continue,
            }
            changed = true;
        }
        changed.then(|| self.next(keys))
    }

    /// Returns the next set, with the states of a ring that signs, or `None`
    /// where they are as they must be.
    ///
    /// A key that has just been retired gets this moment and not the ring's:
    /// until the ring was in force, others signed with it. Keys of no ring are
    /// retired; keys that were removed go at once, retired ones in their time.
    #[must_use]
    pub fn settled(&self, ring: &KeyRing, now: Timestamp) -> Option<Self> {
        let added = self.adding(ring, now);
        let mut changed = added.is_some();
        let mut keys = Vec::new();
        for held in added.map_or_else(|| self.keys.clone(), |added| added.keys) {
            let (state, kid) = (held.state, held.key.kid());
            let wanted = ring.held().find(|held| held.key.kid() == kid);
            let gone = ring.has_removed(kid) || held.is_retired_for(RETIRED_LIFE, now);
            if gone {
                changed = true;
                continue;
            }
            let held = match wanted.map(|held| held.state) {
                Some(KeyState::Pending) => held,
                Some(KeyState::Active) => held.promote(now),
                Some(KeyState::Retired) | None => held.retire(now),
            };
            changed |= held.state != state;
            keys.push(held);
        }
        changed.then(|| self.next(keys))
    }

    /// Returns since when a key has been published, while that is known: until
    /// it was promoted.
    #[must_use]
    pub fn published_at(&self, kid: &Kid) -> Option<Timestamp> {
        self.since(kid, KeyState::Pending)
    }

    /// Returns when it was written that a key signs: a moment after it began to.
    #[must_use]
    pub fn activated_at(&self, kid: &Kid) -> Option<Timestamp> {
        self.since(kid, KeyState::Active)
    }

    /// Walks the keys, those that readers drop by themselves included.
    pub fn entries(&self) -> impl Iterator<Item = PublishedKeyEntry<'_>> {
        self.keys.iter().map(|held| PublishedKeyEntry {
            kid: held.key.kid(),
            algorithm: held.key.algorithm(),
            state: held.state,
            since: held.since,
        })
    }

    fn since(&self, kid: &Kid, state: KeyState) -> Option<Timestamp> {
        self.keys
            .iter()
            .find(|held| held.key.kid() == kid && held.state == state)
            .map(|held| held.since)
    }

    fn next(&self, keys: Vec<Held<PublicJwk>>) -> Self {
        Self::new(self.version.saturating_add(1), keys)
    }
}

fn is_retired<K>(held: &Held<K>) -> bool {
    held.state == KeyState::Retired
}

#[cfg(test)]
mod tests;
