//! Argon2id: a bounded number at a time, away from the asynchronous thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::Argon2;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::foreign::ForeignHash;
use super::memory::Buffers;
use super::pace::Pace;
use super::stored::{Argon2Hash, OUTPUT_BYTES, Readable, SALT_BYTES};
use super::{Argon2Params, Password};
use crate::failure::Failure;
use crate::user::StoredHash;

/// Hashes and checks passwords. Clones share permits, memory and measurements.
#[derive(Clone)]
pub struct Hasher {
    params: Argon2Params,
    permits: Arc<Semaphore>,
    buffers: Arc<Buffers>,
    pace: Arc<Pace>,
    /// When its caller goes away, if ever.
    deadline: Option<Instant>,
}

/// Why a password was neither hashed nor checked; none of it means a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash asks for more memory, passes or lanes than we ever give.
    #[error("the stored hash asks for more work than is allowed")]
    Hostile,
    /// The stored text is no hash of a form that is known here.
    #[error("the stored hash is of no form that is known")]
    Malformed,
    /// Argon2 refused its input.
    #[error("argon2 refused its input")]
    Argon2(#[source] argon2::Error),
    /// The caller has less time left than two hashes take.
    #[error("there is no time left for a hash")]
    Busy,
    /// The thread that hashed went away.
    #[error("the hashing thread went away")]
    Interrupted,
}

impl Failure for HashError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Interrupted => true,
            Self::Hostile | Self::Malformed | Self::Argon2(_) => false,
        }
    }
}

impl Hasher {
    /// Makes a hasher of at most `permits` hashes at a time, 1 at least. Further
    /// ones wait: each takes the parameters' memory, and a whole processor.
    #[must_use]
    pub fn new(params: Argon2Params, permits: usize) -> Self {
        let buffers = Buffers::new(params.as_argon2().block_count());
        Self {
            params,
            permits: Arc::new(Semaphore::new(permits.max(1))),
            buffers: Arc::new(buffers),
            pace: Arc::default(),
            deadline: None,
        }
    }

    /// Makes the memory for all permits, every page touched, and measures a hash: at
    /// start, where Lambda does not throttle, and not in the first login.
    pub fn warm_up(&self) {
        self.buffers.warm_up(self.permits.available_permits());
        // One that fails is the first request's to tell.
        let _ =
            Argon2Hash::nobody(&self.params).and_then(|nobody| self.work().argon2(b"", &nobody));
    }

    /// Returns the same hasher for a caller who has so much time left. It begins no
    /// hash when that is less than two hashes take, waiting for others included: an
    /// answer that comes too late is asked for again, and hashed again.
    #[must_use]
    pub fn within(&self, left: Duration) -> Self {
        Self {
            deadline: Instant::now().checked_add(left),
            ..self.clone()
        }
    }

    /// Asks, before anything is written for it, whether a hash would be begun.
    ///
    /// # Errors
    /// [`HashError::Busy`] if there is too little time left.
    pub fn ready(&self) -> Result<(), HashError> {
        self.spare().map(drop)
    }

    /// Returns how many passwords were hashed or checked, by all clones.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.pace.counted()
    }

    /// Hashes a new password with the live parameters.
    ///
    /// # Errors
    /// [`HashError`] if the hash could not be computed.
    pub async fn hash(
        &self,
        password: Password,
        salt: [u8; SALT_BYTES],
    ) -> Result<StoredHash, HashError> {
        let blank = Argon2Hash::new(&self.params, salt, &[0; OUTPUT_BYTES])?;
        let output = self
            .compute(password, move |password, work| {
                work.argon2(password, &blank)
            })
            .await?;
        Argon2Hash::new(&self.params, salt, &output)?.to_stored()
    }

    /// Checks a password against a stored hash, with that hash's own parameters.
    ///
    /// # Errors
    /// [`HashError::Hostile`] and [`HashError::Malformed`] before any work is done;
    /// the others if the hash could not be computed.
    pub async fn verify(&self, password: Password, stored: StoredHash) -> Result<bool, HashError> {
        match Readable::parse(&stored)? {
            Readable::Argon2(hash) => self.matches(password, hash).await,
            Readable::Foreign(hash) => self.matches_foreign(password, hash).await,
        }
    }

    /// Does the work of a check that fails, with the live parameters: what a login
    /// costs where nobody has the name, so that its time does not tell.
    ///
    /// # Errors
    /// [`HashError`] if the hash could not be computed.
    pub async fn verify_nobody(&self, password: Password) -> Result<(), HashError> {
        let nobody = Argon2Hash::nobody(&self.params)?;
        self.matches(password, nobody).await.map(drop)
    }

    /// True if the hash was made in another way than a new one would be: then the
    /// next login hashes the password again.
    #[must_use]
    pub fn needs_rehash(&self, stored: &StoredHash) -> bool {
        Readable::parse(stored).is_ok_and(|hash| !hash.is_current(&self.params))
    }

    async fn matches(&self, password: Password, hash: Argon2Hash) -> Result<bool, HashError> {
        self.compute(password, move |password, work| {
            let output = work.argon2(password, &hash)?;
            Ok(verify_slices_are_equal(&output, hash.output.as_bytes()).is_ok())
        })
        .await
    }

    async fn matches_foreign(
        &self,
        password: Password,
        hash: ForeignHash,
    ) -> Result<bool, HashError> {
        self.compute(password, move |password, _| hash.matches(password))
            .await
    }

    /// Computes on a blocking thread. A caller that goes away does not free its
    /// permit before its memory: the thread holds both.
    async fn compute<T: Send + 'static>(
        &self,
        password: Password,
        work: impl FnOnce(&[u8], &Work) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = self.permit().await?;
        let shared = self.work();
        let computed = spawn_blocking(move || {
            let _permit = permit;
            shared.pace.count();
            work(password.expose().as_bytes(), &shared)
        });
        computed.await.map_err(|_| HashError::Interrupted)?
    }

    fn work(&self) -> Work {
        Work {
            params: self.params.clone(),
            buffers: Arc::clone(&self.buffers),
            pace: Arc::clone(&self.pace),
        }
    }

    /// Waits for a permit for as long as two hashes still fit in behind the wait.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, HashError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = match self.spare()? {
            None => permit.await,
            Some(spare) => timeout(spare, permit).await.map_err(|_| HashError::Busy)?,
        };
        permit.map_err(|_| HashError::Interrupted)
    }

    /// Returns what is left beside two hashes.
    fn spare(&self) -> Result<Option<Duration>, HashError> {
        let spare = |deadline: Instant| {
            let left = deadline.saturating_duration_since(Instant::now());
            left.checked_sub(self.pace.typical() * 2)
        };
        self.deadline
            .map(|deadline| spare(deadline).ok_or(HashError::Busy))
            .transpose()
    }
}

/// What the hashing thread takes with it.
struct Work {
    params: Argon2Params,
    buffers: Arc<Buffers>,
    pace: Arc<Pace>,
}

impl Work {
    /// Computes as many bytes as `hash` has.
    fn argon2(&self, password: &[u8], hash: &Argon2Hash) -> Result<Zeroizing<Vec<u8>>, HashError> {
        let mut output = Zeroizing::new(vec![0; hash.output.len()]);
        let argon2 = Argon2::new(hash.algorithm, hash.version, hash.params.clone());
        let started = Instant::now();
        self.buffers
            .with(hash.params.block_count(), |memory| {
                argon2.hash_password_into_with_memory(password, &hash.salt, &mut output, memory)
            })
            .map_err(HashError::Argon2)?;
        // What somebody brought along says nothing of the next one.
        if hash.params == *self.params.as_argon2() {
            self.pace.record(started.elapsed());
        }
        Ok(output)
    }
}

/// Names the algorithm of a stored hash with its parameters, such as
/// `argon2id, m=19456, t=2, p=1`: never any of the hash itself.
///
/// # Errors
/// [`HashError`] if no login could check it.
pub fn describe(stored: &StoredHash) -> Result<String, HashError> {
    Readable::parse(stored).map(|hash| hash.describe())
}

#[cfg(test)]
mod tests;
