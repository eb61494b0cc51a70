//! A rotation of the keys in the ring and in the table, step by step.
//!
//! Each step may be repeated, interrupted at any point, and run twice at the same time.
//! Three rules make that safe: a ring takes effect only in place of the one that it was
//! made from; the table is written on the condition of its version, which is read before
//! the ring; and the next run completes what an earlier one left undone.

mod outcome;

use gatehouse_auth::key::{KeyRing, Kid, PublishedKeys, RotationRules};
use gatehouse_auth::time::Timestamp;

pub use outcome::{KeyRemoval, RingCreation, RotationError, RotationProgress};

use crate::keys::published::SigningKeys;
use crate::keys::staging::{KeyRingVersions, Staged};

/// How often a step tries, re-reading what another process has changed. One other process
/// costs one more try; fewer would fail a rotation that coincides with an emergency.
const TRIES: usize = 5;

/// The keys, for whoever rotates them.
#[derive(Debug)]
pub struct KeyRotation {
    ring: KeyRingVersions,
    table: SigningKeys,
    rules: RotationRules,
}

/// The result of publishing.
enum Publication {
    /// All keys of the pending ring are published.
    Done {
        next: KeyRing,
        from: String,
        unchanged: bool,
        published: PublishedKeys,
    },
    Not(RotationProgress),
}

impl KeyRotation {
    /// Combines the ring and the table; nothing is read yet.
    #[must_use]
    pub fn new(ring: KeyRingVersions, table: SigningKeys, rules: RotationRules) -> Self {
        Self { ring, table, rules }
    }

    /// Builds the next ring, and stages it under the rotation's token.
    ///
    /// If it is too early to change anything, it stages the current ring, so that the
    /// rotation can be finished all the same.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn create(&self, token: &str, now: Timestamp) -> Result<RingCreation, RotationError> {
        match self.ring.staged(token).await? {
            Staged::Absent => {}
            Staged::Pending(_) | Staged::Current => return Ok(RingCreation::Already),
        }
        // First complete what an interrupted rotation left undone.
        let (ring, published) = self.settled(now).await?;
        let next = ring.rotate(Some(&published), self.rules, now)?;
        self.ring.stage(token, &next.ring).await?;
        Ok(RingCreation::Staged(next.step))
    }

    /// Publishes the keys of the pending ring, and removes none.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn publish(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<RotationProgress, RotationError> {
        Ok(match self.publication(token, now).await? {
            Publication::Done {
                unchanged: true, ..
            } => RotationProgress::Unchanged,
            Publication::Done { .. } => RotationProgress::Done,
            Publication::Not(progress) => progress,
        })
    }

    /// Checks that verifiers accept what the pending ring signs, or, if there is none, what
    /// the current ring signs. A ring without keys signs nothing.
    ///
    /// # Errors
    /// [`RotationError::Unproven`] if a key is not published; it names the key.
    pub async fn test(&self, token: &str, now: Timestamp) -> Result<(), RotationError> {
        let ring = match self.ring.staged(token).await? {
            Staged::Pending(ring) => ring,
            Staged::Absent | Staged::Current => self.ring.current().await?.ring,
        };
        let published = self.table.published().await?;
        let published = published.unwrap_or_else(PublishedKeys::empty);
        Ok(published.prove(&ring, now)?)
    }

    /// Makes the pending ring the current one, once its keys are published. Call
    /// [`settle`](Self::settle) afterwards.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn finish(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<RotationProgress, RotationError> {
        let mut tried = false;
        for _ in 0..TRIES {
            let (next, from, unchanged, published) = match self.publication(token, now).await? {
                Publication::Done {
                    next,
                    from,
                    unchanged,
                    published,
                } => (next, from, unchanged, published),
                // The response to our own promotion was lost.
                Publication::Not(RotationProgress::Already) if tried => {
                    return Ok(RotationProgress::Done);
                }
                Publication::Not(progress) => return Ok(progress),
            };
            published.prove(&next, now)?;
            if self.ring.promote(token, &from).await? {
                return Ok(if unchanged {
                    RotationProgress::Unchanged
                } else {
                    RotationProgress::Done
                });
            }
            tried = true;
        }
        Err(RotationError::Contended)
    }

    /// Brings the published keys to the states that they have in the current ring. Returns
    /// whether there was anything to write.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn settle(&self, now: Timestamp) -> Result<bool, RotationError> {
        let before = self.table.published().await?.map(|keys| keys.version());
        let (_, published) = self.settled(now).await?;
        Ok(before.unwrap_or_default() != published.version())
    }

    /// Removes a signing key immediately, and with `refresh` every refresh MAC key too.
    /// `token` must be a new one.
    ///
    /// # Errors
    /// [`RotationError`]; the same call again continues where this one stopped.
    pub async fn remove(
        &self,
        kid: &Kid,
        refresh: bool,
        token: &str,
        now: Timestamp,
    ) -> Result<KeyRemoval, RotationError> {
        let (ring, published) = self.keys().await?;
        let is_held = ring.signing_keys().any(|entry| entry.kid == kid);
        let is_published = published.entries().any(|entry| entry.kid == kid);
        if !is_held && !is_published {
            return Ok(KeyRemoval::Unknown);
        }
        if is_held || refresh || !ring.has_removed(kid) {
            let next = ring.remove(kid, refresh, &published, self.rules.algorithm, now)?;
            self.ring.stage(token, &next).await?;
            match self.finish(token, now).await? {
                RotationProgress::Done
                | RotationProgress::Unchanged
                | RotationProgress::Already => {}
                RotationProgress::NothingPending | RotationProgress::Superseded => {
                    return Err(RotationError::Contended);
                }
            }
        }
        self.settled(now).await?;
        Ok(KeyRemoval::Done)
    }

    /// Reads the current ring and the published keys.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn keys(&self) -> Result<(KeyRing, PublishedKeys), RotationError> {
        let published = self.table.published().await?;
        let ring = self.ring.current().await?.ring;
        Ok((ring, published.unwrap_or_else(PublishedKeys::empty)))
    }

    async fn publication(&self, token: &str, now: Timestamp) -> Result<Publication, RotationError> {
        for _ in 0..TRIES {
            // The table before the ring: a removal writes the ring first, so that a table
            // read before it cannot be written after it.
            let before = self.table.published().await?;
            let current = self.ring.current().await?;
            let next = match self.ring.staged(token).await? {
                Staged::Pending(next) => next,
                Staged::Absent => return Ok(Publication::Not(RotationProgress::NothingPending)),
                Staged::Current => return Ok(Publication::Not(RotationProgress::Already)),
            };
            if !next.follows(&current.ring) {
                self.ring.discard(token).await?;
                return Ok(Publication::Not(RotationProgress::Superseded));
            }
            refuse_below_floor(&next, before.as_ref())?;
            if let Some(published) = self.write(before, |keys| keys.adding(&next, now)).await? {
                return Ok(Publication::Done {
                    unchanged: next.is_same(&current.ring),
                    next,
                    from: current.id,
                    published,
                });
            }
        }
        Err(RotationError::Contended)
    }

    async fn settled(&self, now: Timestamp) -> Result<(KeyRing, PublishedKeys), RotationError> {
        for _ in 0..TRIES {
            let before = self.table.published().await?;
            let ring = self.ring.current().await?.ring;
            refuse_below_floor(&ring, before.as_ref())?;
            if let Some(published) = self.write(before, |keys| keys.settled(&ring, now)).await? {
                return Ok((ring, published));
            }
        }
        Err(RotationError::Contended)
    }

    /// Applies `change` to the published keys, and returns the keys that are then
    /// published; `None` if another process has written since they were read.
    async fn write(
        &self,
        before: Option<PublishedKeys>,
        change: impl Fn(&PublishedKeys) -> Option<PublishedKeys>,
    ) -> Result<Option<PublishedKeys>, RotationError> {
        let version = before.as_ref().map(PublishedKeys::version);
        let before = before.unwrap_or_else(PublishedKeys::empty);
        let Some(after) = change(&before) else {
            return Ok(Some(before));
        };
        let written = self.table.publish(&after, version).await?;
        Ok(written.then_some(after))
    }
}

/// Refuses a ring that was restored from before a removal.
fn refuse_below_floor(
    ring: &KeyRing,
    published: Option<&PublishedKeys>,
) -> Result<(), RotationError> {
    match published {
        Some(published) if !published.admit(ring) => Err(RotationError::BelowFloor {
            ring: ring.version(),
            floor: published.floor(),
        }),
        Some(_) | None => Ok(()),
    }
}
