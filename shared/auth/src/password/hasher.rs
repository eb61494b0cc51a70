//! Argon2id: a bounded number at a time, away from the asynchronous thread.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::memory::Buffers;
use super::stored::{Argon2Hash, OUTPUT_BYTES, SALT_BYTES};
use super::{Argon2Params, Password};
use crate::failure::Failure;
use crate::user::StoredHash;

/// Hashes and checks passwords. Clones share permits and memory.
#[derive(Clone)]
pub struct Hasher {
    params: Argon2Params,
    permits: Arc<Semaphore>,
    buffers: Arc<Buffers>,
}

/// Why a password was neither hashed nor checked; none of it means a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash asks for more memory, passes or lanes than we ever give.
    #[error("the stored hash asks for more work than is allowed")]
    Hostile,
    /// The stored text is no Argon2id hash in PHC string format.
    #[error("the stored hash is not an argon2id hash")]
    Malformed,
    /// Argon2 refused its input.
    #[error("argon2 refused its input")]
    Argon2(#[source] argon2::Error),
    /// The thread that hashed went away.
    #[error("the hashing thread went away")]
    Interrupted,
}

impl Failure for HashError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Interrupted => true,
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
        }
    }

    /// Makes the memory for all permits, every page touched: at start, where
    /// Lambda does not throttle, and not in the first login.
    pub fn warm_up(&self) {
        self.buffers.warm_up(self.permits.available_permits());
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
        let output = self.compute(password, blank).await?;
        Argon2Hash::new(&self.params, salt, &output)?.to_stored()
    }

    /// Checks a password against a stored hash, with that hash's own parameters.
    ///
    /// # Errors
    /// [`HashError::Hostile`] and [`HashError::Malformed`] before any work is done;
    /// the others if the hash could not be computed.
    pub async fn verify(&self, password: Password, stored: StoredHash) -> Result<bool, HashError> {
        self.matches(password, Argon2Hash::parse(&stored)?).await
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

    /// True if the hash was made with other parameters than the live ones: then the
    /// next login hashes the password again.
    #[must_use]
    pub fn needs_rehash(&self, stored: &StoredHash) -> bool {
        Argon2Hash::parse(stored).is_ok_and(|hash| !hash.is_current(&self.params))
    }

    async fn matches(&self, password: Password, hash: Argon2Hash) -> Result<bool, HashError> {
        let expected = hash.output;
        let output = self.compute(password, hash).await?;
        Ok(verify_slices_are_equal(&output, expected.as_bytes()).is_ok())
    }

    /// Computes as many bytes as `hash` has. A caller that goes away does not free
    /// its permit before its memory: the thread holds both.
    async fn compute(
        &self,
        password: Password,
        hash: Argon2Hash,
    ) -> Result<Zeroizing<Vec<u8>>, HashError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| HashError::Interrupted)?;
        let buffers = Arc::clone(&self.buffers);
        let work = spawn_blocking(move || {
            let _permit = permit;
            let mut output = Zeroizing::new(vec![0; hash.output.len()]);
            let blocks = hash.params.block_count();
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, hash.params);
            let password = password.expose().as_bytes();
            buffers
                .with(blocks, |memory| {
                    argon2.hash_password_into_with_memory(password, &hash.salt, &mut output, memory)
                })
                .map(|()| output)
                .map_err(HashError::Argon2)
        });
        work.await.map_err(|_| HashError::Interrupted)?
    }
}

#[cfg(test)]
mod tests;
