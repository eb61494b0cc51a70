//! The rotation of a ring: pending, active, retired, gone. Signing keys and refresh
//! MAC keys take the same step together, because they share a ring.

use std::time::Duration;

use super::{Document, KeyRing, find};
use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::mac::MacKey;
use crate::key::private::SigningKey;
use crate::key::published::{CLOCK_MARGIN, PublishedKeys, RETIRED_LIFE, STALEST_SIGNER};
use crate::key::state::{KeyEntry, KeyState};
use crate::time::Timestamp;

/// The settings of a rotation.
#[derive(Debug, Clone, Copy)]
pub struct RotationRules {
    /// The algorithm of new keys.
    pub algorithm: Algorithm,
    /// `MIN_PENDING_SECONDS`: how long a key is published before it signs.
    pub min_pending: Duration,
}

/// The result of [`KeyRing::rotate`].
#[derive(Debug)]
pub struct Rotation {
    /// The next version of the ring, or the unchanged one.
    pub ring: KeyRing,
    /// What changed.
    pub step: RotationStep,
}

/// The outcome of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStep {
    /// There were no keys; the first ones were generated.
    First,
    /// The pending key was promoted, and the active one retired.
    Promoted,
    /// There was no pending key; one was generated.
    Prepared,
    /// Nothing changed: the pending key has not been published for long enough.
    TooEarly {
        /// When it will have been; `None` if it is not published at all.
        promotable_at: Option<Timestamp>,
    },
}

impl KeyRing {
    /// Creates the next ring: promotes the pending key, retires the active one,
    /// generates a new pending one, and drops keys that no token needs any longer.
    ///
    /// `published` is what verifiers read. It knows when the pending key was
    /// published, and when this ring began to sign.
    ///
    /// # Errors
    /// [`KeyError`] if a key could not be generated.
    pub fn rotate(
        self,
        published: Option<&PublishedKeys>,
        rules: RotationRules,
        now: Timestamp,
    ) -> Result<Rotation, KeyError> {
        if self.active().is_none() || self.active_mac().is_none() {
            let floor = published.map_or(0, PublishedKeys::floor);
            return self.begin(rules.algorithm, floor, now);
        }
        let Some(pending) = find(&self.0.signing, KeyState::Pending) else {
            return self.advance(published, rules, now, RotationStep::Prepared);
        };
        let published_at = published.and_then(|keys| keys.published_at(pending.key.kid()));
        let promotable_at = published_at.map(|at| at.plus(rules.min_pending));
        if promotable_at.is_some_and(|at| at <= now) {
            self.advance(published, rules, now, RotationStep::Promoted)
        } else {
            let step = RotationStep::TooEarly { promotable_at };
            Ok(Rotation { ring: self, step })
        }
    }

    /// True if this ring was created from `current`, or is the same. Only then may it
    /// replace `current`.
    #[must_use]
    pub fn follows(&self, current: &Self) -> bool {
        let follows = match self.0.after {
            Some(version) => version == current.version(),
            None => self.version() == current.version().saturating_add(1),
        };
        follows || self.is_same(current)
    }

    /// True if both contain the same keys in the same states.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.version() == other.version()
            && self.signing_keys().eq(other.signing_keys())
            && self.mac_keys().eq(other.mac_keys())
    }

    /// Creates the first keys. If an earlier ring was lost, its floor is still published.
    fn begin(self, algorithm: Algorithm, floor: u64, now: Timestamp) -> Result<Rotation, KeyError> {
        let mut ring = Self::first(algorithm, now)?;
        ring.0.version = self.0.version;
        ring.0.floor = self.0.floor;
        ring.advance_past(floor);
        ring.0.removed = self.0.removed;
        let step = RotationStep::First;
        Ok(Rotation { ring, step })
    }

    fn advance(
        self,
        published: Option<&PublishedKeys>,
        rules: RotationRules,
        now: Timestamp,
        step: RotationStep,
    ) -> Result<Rotation, KeyError> {
        // When this ring began to sign. If that was not recorded: now, at the latest.
        let moved_at = self
            .active()
            .and_then(|key| published?.activated_at(key.kid()))
            .unwrap_or(now);
        let promote = step == RotationStep::Promoted;
        let Document {
            version,
            after: _,
            floor,
            signing,
            mac,
            mut removed,
        } = self.0;
        let version = version.saturating_add(1);
        let is_early = promote && is_early(&mac, moved_at, now);
        removed.retain(|removed| now < removed.at.plus(RETIRED_LIFE));
        let pass = RotationPass {
            promote,
            moved_at,
            now,
        };
        let signing_key = SigningKey::generate(rules.algorithm)?;
        let ring = Self(Document {
            version,
            after: None,
            floor: if is_early { version } else { floor },
            signing: pass.apply(signing, signing_key, RETIRED_LIFE),
            mac: pass.apply(mac, MacKey::generate()?, RETIRED_MAC_LIFE),
            removed,
        });
        Ok(Rotation { ring, step })
    }
}

/// True if the pending key is promoted before every signer must have read it. Those that
/// have not would refuse the refresh tokens of the others, so they may not use their ring.
fn is_early(mac: &[KeyEntry<MacKey>], in_force_since: Timestamp, now: Timestamp) -> bool {
    find(mac, KeyState::Pending)
        .is_some_and(|entry| entry.since.max(in_force_since).plus(STALEST_SIGNER) > now)
}

/// One step for all keys of one kind.
struct RotationPass {
    promote: bool,
    moved_at: Timestamp,
    now: Timestamp,
}

impl RotationPass {
    fn apply<K>(&self, keys: Vec<KeyEntry<K>>, new: K, life: Duration) -> Vec<KeyEntry<K>> {
        let active_since = find(&keys, KeyState::Active).map(|entry| entry.since);
        let promoted = keys
            .iter()
            .position(|entry| entry.state == KeyState::Pending);
        let has_pending = promoted.is_some();
        let step = |(index, mut entry): (usize, KeyEntry<K>)| match entry.state {
            KeyState::Pending if self.promote && promoted == Some(index) => entry.promote(self.now),
            KeyState::Active if self.promote && has_pending => entry.retire(self.now),
            KeyState::Pending | KeyState::Active => entry,
            KeyState::Retired => {
                // Its time is when the ring was created, but other processes signed
                // with it until the ring was in force.
                if active_since.is_some_and(|at| entry.since >= at) {
                    entry.since = entry.since.max(self.moved_at);
                }
                entry
            }
        };
        let mut rotated: Vec<KeyEntry<K>> = keys
            .into_iter()
            .enumerate()
            .map(step)
            .filter(|entry| !entry.is_retired_for(life, self.now))
            .collect();
        if find(&rotated, KeyState::Pending).is_none() {
            rotated.push(KeyEntry::pending(new, self.now));
        }
        rotated
    }
}

/// Longest life of a session: the upper limit of the setting, not its value, which
/// may have been lowered while older sessions live on.
const LONGEST_SESSION: Duration = Duration::from_hours(365 * 24);
/// How long a retired refresh MAC key is kept. Less logs users out; more keeps a key
/// that no valid token needs.
const RETIRED_MAC_LIFE: Duration = LONGEST_SESSION
    .saturating_add(STALEST_SIGNER)
    .saturating_add(CLOCK_MARGIN);

#[cfg(test)]
mod tests;
