//! A rotation of the keys over the ring and the table, step by step.
//!
//! Each step may be repeated, interrupted anywhere and run twice at once. What
//! keeps that true: a ring comes into force only in place of the one that it was
//! made from; the table is written on the condition of its version, which is read
//! before the ring; and whoever comes next settles what was left undone.

mod outcome;

use gatehouse_auth::key::{KeyRing, Kid, PublishedKeys, RotationRules};
use gatehouse_auth::time::Timestamp;

pub use outcome::{Created, Progress, Removal, RotationError};

use crate::keys::published::SigningKeys;
use crate::keys::staging::{KeyRingVersions, Staged};

/// The keys, for who rotates them.
#[derive(Debug)]
pub struct KeyRotation {
    ring: KeyRingVersions,
    table: SigningKeys,
    rules: RotationRules,
}

/// What a publication ended with.
enum Publication {
    /// The keys of the waiting ring are all there.
    Done {
        next: KeyRing,
        from: String,
        unchanged: bool,
        published: PublishedKeys,
    },
    Not(Progress),
}

impl KeyRotation {
    /// Names the ring and the table. Nothing is read yet.
    #[must_use]
    pub fn new(ring: KeyRingVersions, table: SigningKeys, rules: RotationRules) -> Self {
        Self { ring, table, rules }
    }

    /// Builds the next ring and lets it wait under the rotation's token.
    ///
    /// Where it is too early to change anything, the ring that waits is the one
    /// in force, so that the rotation can be finished all the same.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn create(&self, token: &str, now: Timestamp) -> Result<Created, RotationError> {
        match self.ring.staged(token).await? {
            Staged::Absent => {}
            Staged::Waiting(_) | Staged::InForce => return Ok(Created::Already),
        }
        // What an interrupted rotation left undone is done before the next begins.
        let (ring, published) = self.settled(now).await?;
        let next = ring.rotate(Some(&published), self.rules, now)?;
        self.ring.stage(token, &next.ring).await?;
        Ok(Created::Waiting(next.step))
    }

    /// Publishes the keys of the ring that waits. Nothing is taken away.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn publish(&self, token: &str, now: Timestamp) -> Result<Progress, RotationError> {
        Ok(match self.publication(token, now).await? {
            Publication::Done {
                unchanged: true, ..
            } => Progress::Unchanged,
            Publication::Done { .. } => Progress::Done,
            Publication::Not(progress) => progress,
        })
    }

    /// Checks that verifiers accept what the waiting ring signs, or, where none
    /// waits, what the ring in force does. A ring without keys signs nothing.
    ///
    /// # Errors
    /// [`RotationError::Unproven`] names the key that is not published.
    pub async fn test(&self, token: &str, now: Timestamp) -> Result<(), RotationError> {
        let ring = match self.ring.staged(token).await? {
            Staged::Waiting(ring) => ring,
            Staged::Absent | Staged::InForce => self.ring.in_force().await?.ring,
        };
        let published = self.table.published().await?;
        let published = published.unwrap_or_else(PublishedKeys::empty);
        Ok(published.prove(&ring, now)?)
    }

    /// Brings the waiting ring into force, once its keys are published. Afterwards
    /// [`settle`](Self::settle) the published keys.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn finish(&self, token: &str, now: Timestamp) -> Result<Progress, RotationError> {
        let mut tried = false;
        for _ in 0..TRIES {
            let (next, from, unchanged, published) = match self.publication(token, now).await? {
                Publication::Done {
                    next,
                    from,
                    unchanged,
                    published,
                } => (next, from, unchanged, published),
                // The answer to our own move was lost: told twice rather than never.
                Publication::Not(Progress::Already) if tried => return Ok(Progress::Done),
                Publication::Not(progress) => return Ok(progress),
            };
            published.prove(&next, now)?;
            if self.ring.promote(token, &from).await? {
                return Ok(if unchanged {
                    Progress::Unchanged
                } else {
                    Progress::Done
                });
            }
            tried = true;
        }
        Err(RotationError::Contended)
    }

    /// Gives the published keys the states of the ring in force. Returns whether
    /// there was anything to write.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn settle(&self, now: Timestamp) -> Result<bool, RotationError> {
        let before = self.table.published().await?.map(|keys| keys.version());
        let (_, published) = self.settled(now).await?;
        Ok(before.unwrap_or_default() != published.version())
    }

    /// Removes a signing key at once, and with `refresh` every refresh MAC key.
    /// `token` is a new one.
    ///
    /// # Errors
    /// [`RotationError`]; the same call again goes on where this one ended.
    pub async fn remove(
        &self,
        kid: &Kid,
        refresh: bool,
        token: &str,
        now: Timestamp,
    ) -> Result<Removal, RotationError> {
        let (ring, published) = self.keys().await?;
        let is_held = ring.signing_keys().any(|entry| entry.kid == kid);
        let is_published = published.entries().any(|entry| entry.kid == kid);
        if !is_held && !is_published {
            return Ok(Removal::Unknown);
        }
        if is_held || refresh || !ring.has_removed(kid) {
            let next = ring.remove(kid, refresh, self.rules.algorithm, now)?;
            self.ring.stage(token, &next).await?;
            match self.finish(token, now).await? {
                Progress::Done | Progress::Unchanged | Progress::Already => {}
                Progress::NothingWaits | Progress::Superseded => {
                    return Err(RotationError::Contended);
                }
            }
        }
        self.settled(now).await?;
        Ok(Removal::Done)
    }

    /// Reads the ring in force and the published keys.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn keys(&self) -> Result<(KeyRing, PublishedKeys), RotationError> {
        let published = self.table.published().await?;
        let ring = self.ring.in_force().await?.ring;
        Ok((ring, published.unwrap_or_else(PublishedKeys::empty)))
    }

    async fn publication(&self, token: &str, now: Timestamp) -> Result<Publication, RotationError> {
        for _ in 0..TRIES {
            // The table before the ring: a removal moves the ring first, so that
            // a table read before it cannot be written after it.
            let before = self.table.published().await?;
            let in_force = self.ring.in_force().await?;
            let next = match self.ring.staged(token).await? {
                Staged::Waiting(next) => next,
                Staged::Absent => return Ok(Publication::Not(Progress::NothingWaits)),
                Staged::InForce => return Ok(Publication::Not(Progress::Already)),
            };
            if !next.follows(&in_force.ring) {
                self.ring.discard(token).await?;
                return Ok(Publication::Not(Progress::Superseded));
            }
            if let Some(published) = self.write(before, |keys| keys.adding(&next, now)).await? {
                return Ok(Publication::Done {
                    unchanged: next.is_same(&in_force.ring),
                    next,
                    from: in_force.id,
                    published,
                });
            }
        }
        Err(RotationError::Contended)
    }

    async fn settled(&self, now: Timestamp) -> Result<(KeyRing, PublishedKeys), RotationError> {
        for _ in 0..TRIES {
            let before = self.table.published().await?;
            let ring = self.ring.in_force().await?.ring;
            if let Some(published) = self.write(before, |keys| keys.settled(&ring, now)).await? {
                return Ok((ring, published));
            }
        }
        Err(RotationError::Contended)
    }

    /// Writes what `change` makes of the published keys, and returns what is then
    /// there; `None` where another has written since they were read.
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

/// How often a step reads anew what another has changed under it. One other
/// needs one more; fewer would fail a rotation that met an emergency.
const TRIES: usize = 5;
