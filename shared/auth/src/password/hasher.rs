//! Argon2id: a bounded number of hashes at a time, off the asynchronous thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::Argon2;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::HashError;
use super::memory::Buffers;
use super::pace::Pace;
use super::stored::{Argon2Hash, OUTPUT_BYTES, Readable, SALT_BYTES};
use super::typed::{TypedPassword, Verified};
use super::{Argon2Params, ParamsError, Password};
use crate::deadline::Deadline;
use crate::user::StoredHash;

/// Hashes and verifies passwords. Clones share permits, memory and measurements.
///
/// It begins no hash unless the time until the request's [`Deadline`] suffices for waiting,
/// the hashes and one more: a client that gets its response too late retries, and the retry
/// is hashed again.
#[derive(Clone)]
pub struct Hasher {
    params: Argon2Params,
    permits: Arc<Semaphore>,
    buffers: Arc<Buffers>,
    pace: Arc<Pace>,
    /// The hash to compare with for unknown users, so that they cost the same work.
    dummy: StoredHash,
}

impl Hasher {
    /// Creates a hasher that computes at most `permits` hashes at a time, at least 1.
    /// Further ones wait: each takes the parameters' memory and a whole processor.
    #[must_use]
    pub fn new(params: Argon2Params, permits: usize) -> Self {
        let buffers = Buffers::new(params.as_argon2().block_count());
        Self {
            dummy: Argon2Hash::dummy(&params).to_stored(),
            params,
            permits: Arc::new(Semaphore::new(permits.max(1))),
            buffers: Arc::new(buffers),
            pace: Arc::default(),
        }
    }

    /// Creates a hasher from its settings: memory in KiB, passes, and hashes at a time.
    ///
    /// # Errors
    /// [`ParamsError`] if the two together are too weak or too costly.
    pub fn with_cost(
        memory_kib: u32,
        iterations: u32,
        permits: usize,
    ) -> Result<Self, ParamsError> {
        let params = Argon2Params::new(memory_kib, iterations)?;
        Ok(Self::new(params, permits))
    }

    /// Allocates and touches the memory for all permits, and measures one hash. Call it
    /// at start, when Lambda does not throttle, so that the first login does not pay.
    pub fn warm_up(&self) {
        self.buffers.warm_up(self.permits.available_permits());
        // Errors are left for the first request to report.
        let _ = self.work().argon2(b"", &Argon2Hash::dummy(&self.params));
    }

    /// Checks whether a hash would be begun. Call it before writing anything for it.
    ///
    /// # Errors
    /// [`HashError::Busy`] if there is too little time left.
    pub fn ready(&self) -> Result<(), HashError> {
        self.spare(self.pace.typical()).map(drop)
    }

    /// Checks whether a comparison, which may take two hashes, would be begun.
    ///
    /// # Errors
    /// [`HashError::Busy`] if there is too little time left.
    pub fn ready_to_verify(&self, typed: &TypedPassword) -> Result<(), HashError> {
        self.spare(self.pace.typical() * typed.hashes()).map(drop)
    }

    /// Returns how many passwords all clones have hashed or verified.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.pace.counted()
    }

    /// Returns how many passwords all clones have compared with a stored hash, rather than
    /// with the dummy hash.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.pace.compared()
    }

    /// Hashes a new password with the current parameters.
    ///
    /// # Errors
    /// [`HashError`] if the hash could not be computed.
    pub async fn hash(
        &self,
        password: Password,
        salt: [u8; SALT_BYTES],
    ) -> Result<StoredHash, HashError> {
        let blank = Argon2Hash::new(&self.params, salt, &[0; OUTPUT_BYTES]);
        let output = self
            .compute(self.pace.typical(), move |work| {
                work.pace.count();
                work.argon2(password.expose().as_bytes(), &blank)
            })
            .await?;
        Ok(Argon2Hash::new(&self.params, salt, &output).to_stored())
    }

    /// Compares a password with a stored hash, with that hash's own parameters: first in
    /// its normalised spelling and then, if that differs, as typed. Other systems hashed
    /// what was typed, and a hash does not say which system created it.
    ///
    /// `None` means an unknown user, or one without a password. The work is that of a
    /// wrong password with the current parameters, so that the time reveals nothing. So is
    /// that of a hash which we cannot verify, [`Verified::Unusable`].
    ///
    /// # Errors
    /// [`HashError`] if the hash could not be computed, [`HashError::Busy`] if *this* hash
    /// takes longer than the caller has left.
    pub async fn verify(
        &self,
        typed: TypedPassword,
        stored: Option<StoredHash>,
    ) -> Result<Verified, HashError> {
        // No account has an empty password, whatever was imported.
        let stored = stored.filter(|_| !typed.is_empty());
        if stored.is_some() {
            self.pace.count_comparison();
        }
        // The dummy hash is parsed from its text as well: parsing takes time.
        let found = self.affordable(stored.as_ref().unwrap_or(&self.dummy), &typed);
        let usable = found.is_ok();
        let (hash, each) = found.or_else(|_| self.affordable(&self.dummy, &typed))?;
        let takes = each * typed.hashes();
        let verified = self.compute(takes, move |work| work.verify(&typed, &hash));
        let verified = verified.await?;
        Ok(if usable { verified } else { Verified::Unusable })
    }

    /// Parses a stored hash, and returns how long comparing one spelling with it takes.
    fn affordable(
        &self,
        stored: &StoredHash,
        typed: &TypedPassword,
    ) -> Result<(Readable, Duration), HashError> {
        let hash = Readable::parse(stored)?;
        let cost = hash.cost(typed.longest());
        cost.check()?;
        let is_measured = hash.is_current(&self.params);
        let takes = if is_measured {
            self.pace.typical()
        } else {
            cost.time()
        };
        Ok((hash, takes))
    }

    /// Does work that takes this long on a blocking thread. The thread owns the permit and
    /// the memory, so a caller that goes away frees neither before the other.
    async fn compute<T: Send + 'static>(
        &self,
        takes: Duration,
        work: impl FnOnce(&Work) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = self.permit(takes).await?;
        let shared = self.work();
        let computed = spawn_blocking(move || {
            let _permit = permit;
            work(&shared)
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

    /// Waits for a permit as long as the work and one more hash still fit in afterwards.
    async fn permit(&self, takes: Duration) -> Result<OwnedSemaphorePermit, HashError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = match self.spare(takes)? {
            None => permit.await,
            Some(spare) => timeout(spare, permit).await.map_err(|_| HashError::Busy)?,
        };
        permit.map_err(|_| HashError::Interrupted)
    }

    /// Returns the time that is left besides the work and one more hash.
    fn spare(&self, takes: Duration) -> Result<Option<Duration>, HashError> {
        let spare = |deadline: Deadline| {
            let left = deadline.left();
            left.checked_sub(takes + self.pace.typical())
        };
        Deadline::current()
            .map(|deadline| spare(deadline).ok_or(HashError::Busy))
            .transpose()
    }
}

/// What the hashing thread needs.
struct Work {
    params: Argon2Params,
    buffers: Arc<Buffers>,
    pace: Arc<Pace>,
}

impl Work {
    /// Compares the spellings until one matches. Both together count as one guess.
    fn verify(&self, typed: &TypedPassword, hash: &Readable) -> Result<Verified, HashError> {
        for (number, spelling) in typed.spellings().enumerate() {
            self.pace.count();
            let spelling = spelling.as_bytes();
            let matches = match hash {
                Readable::Argon2(hash) => {
                    let output = self.argon2(spelling, hash)?;
                    verify_slices_are_equal(&output, &hash.output).is_ok()
                }
                Readable::Foreign(hash) => hash.matches(spelling)?,
            };
            if matches {
                let normalised = number == 0;
                let current = normalised && hash.is_current(&self.params);
                let stays = current || !hash.proves_all_of(spelling);
                return Ok(if stays {
                    Verified::Right
                } else {
                    Verified::Outdated
                });
            }
        }
        Ok(Verified::Wrong)
    }

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
        // The time of an imported hash says nothing about the next one.
        if hash.params == *self.params.as_argon2() {
            self.pace.record(started.elapsed());
        }
        Ok(output)
    }
}

/// Describes the algorithm and parameters of a stored hash, such as
/// `argon2id, m=19456, t=2, p=1`, without any part of the hash itself.
///
/// # Errors
/// [`HashError`] if no login could verify it.
pub fn describe(stored: &StoredHash) -> Result<String, HashError> {
    Readable::parse(stored).map(|hash| hash.describe())
}

#[cfg(test)]
mod tests;
