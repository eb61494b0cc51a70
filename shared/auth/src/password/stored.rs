//! A stored hash, read: what it asks for, and whether we do it.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Params, Version};

use super::HashError;
use super::params::{Argon2Params, MAX_ITERATIONS, MAX_LANES, MAX_MEMORY_KIB};
use crate::user::StoredHash;

/// An Argon2id hash whose work we are ready to do.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    pub(super) params: Params,
    pub(super) salt: Salt,
    pub(super) output: Output,
}

impl Argon2Hash {
    /// Reads a PHC string without doing any of the work that it asks for.
    pub(super) fn parse(stored: &StoredHash) -> Result<Self, HashError> {
        let phc = PasswordHash::new(stored.expose()).map_err(|_| HashError::Malformed)?;
        let ours = phc.algorithm == ARGON2ID_IDENT
            && phc.version == Some(Version::V0x13.into())
            // Beside m, t and p there were once a key id and associated data.
            && phc.params.iter().count() == 3;
        let decimal = |name| phc.params.get_decimal(name).ok_or(HashError::Malformed);
        let (memory_kib, iterations, lanes) = (decimal("m")?, decimal("t")?, decimal("p")?);
        let (Some(salt), Some(output), true) = (phc.salt, phc.hash, ours) else {
            return Err(HashError::Malformed);
        };
        if memory_kib > MAX_MEMORY_KIB || iterations > MAX_ITERATIONS || lanes > MAX_LANES {
            return Err(HashError::Hostile);
        }
        let params = Params::new(memory_kib, iterations, lanes, None);
        let params = params.map_err(|_| HashError::Malformed)?;
        Ok(Self {
            params,
            salt,
            output,
        })
    }

    /// Makes the hash of nobody: as much work as a new one, and no password's.
    pub(super) fn nobody(params: &Argon2Params) -> Result<Self, HashError> {
        Self::new(params, [0; SALT_BYTES], &[0; OUTPUT_BYTES])
    }

    pub(super) fn new(
        params: &Argon2Params,
        salt: [u8; SALT_BYTES],
        output: &[u8],
    ) -> Result<Self, HashError> {
        Ok(Self {
            params: params.as_argon2().clone(),
            salt: Salt::new(&salt).map_err(|_| HashError::Malformed)?,
            output: Output::new(output).map_err(|_| HashError::Malformed)?,
        })
    }

    /// True if it is what a new hash with these parameters would be like.
    pub(super) fn is_current(&self, params: &Argon2Params) -> bool {
        self.params == *params.as_argon2()
            && self.salt.len() == SALT_BYTES
            && self.output.len() == OUTPUT_BYTES
    }

    /// Writes the hash in PHC string format.
    pub(super) fn to_stored(&self) -> Result<StoredHash, HashError> {
        let params = ParamsString::try_from(&self.params).map_err(|_| HashError::Malformed)?;
        let phc = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params,
            salt: Some(self.salt),
            hash: Some(self.output),
        };
        Ok(StoredHash::new(phc.to_string()))
    }
}

/// 128 bits, so that no two users share a salt (RFC 9106 section 3.1).
pub(super) const SALT_BYTES: usize = 16;
/// 256 bits; fewer would make another password with the same hash conceivable.
pub(super) const OUTPUT_BYTES: usize = 32;
