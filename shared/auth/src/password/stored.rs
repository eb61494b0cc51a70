//! A stored hash, read: what it asks for, and whether we do it.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Params, Version};

use super::HashError;
use super::foreign::ForeignHash;
use super::params::{Argon2Params, MAX_ITERATIONS, MAX_LANES, MAX_MEMORY_KIB};
use crate::user::StoredHash;

/// A stored hash whose work we are ready to do.
pub(super) enum Readable {
    /// Ours, or another library's Argon2.
    Argon2(Argon2Hash),
    /// One that was brought along; replaced at its first success.
    Foreign(ForeignHash),
}

/// An Argon2 hash whose work we are ready to do.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Params,
    pub(super) salt: Salt,
    pub(super) output: Output,
}

impl Readable {
    /// Reads a stored hash without doing any of the work that it asks for.
    pub(super) fn parse(stored: &StoredHash) -> Result<Self, HashError> {
        let text = stored.expose();
        match ForeignHash::parse(text) {
            Some(foreign) => foreign.map(Self::Foreign),
            None => Argon2Hash::parse(text).map(Self::Argon2),
        }
    }

    /// True if it is what a new hash with these parameters would be like.
    pub(super) fn is_current(&self, params: &Argon2Params) -> bool {
        match self {
            Self::Argon2(hash) => hash.is_current(params),
            Self::Foreign(_) => false,
        }
    }

    /// Names the algorithm with its parameters, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Argon2(hash) => hash.describe(),
            Self::Foreign(hash) => hash.describe(),
        }
    }
}

impl Argon2Hash {
    /// Reads a PHC string, or Django's, which has a word before it.
    fn parse(text: &str) -> Result<Self, HashError> {
        let text = text.strip_prefix("argon2").unwrap_or(text);
        let phc = PasswordHash::new(text).map_err(|_| HashError::Malformed)?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str());
        let algorithm = algorithm.map_err(|_| HashError::Malformed)?;
        // Version 16 wrote none.
        let version = phc.version.unwrap_or(Version::V0x10.into());
        let version = Version::try_from(version).map_err(|_| HashError::Malformed)?;
        let decimal = |name| phc.params.get_decimal(name).ok_or(HashError::Malformed);
        let (memory_kib, iterations, lanes) = (decimal("m")?, decimal("t")?, decimal("p")?);
        // Beside m, t and p there were once a key id and associated data.
        let plain = phc.params.iter().count() == 3;
        let (Some(salt), Some(output), true) = (phc.salt, phc.hash, plain) else {
            return Err(HashError::Malformed);
        };
        if memory_kib > MAX_MEMORY_KIB || iterations > MAX_ITERATIONS || lanes > MAX_LANES {
            return Err(HashError::Hostile);
        }
        let params = Params::new(memory_kib, iterations, lanes, None);
        let params = params.map_err(|_| HashError::Malformed)?;
        Ok(Self {
            algorithm,
            version,
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
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.as_argon2().clone(),
            salt: Salt::new(&salt).map_err(|_| HashError::Malformed)?,
            output: Output::new(output).map_err(|_| HashError::Malformed)?,
        })
    }

    fn is_current(&self, params: &Argon2Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params == *params.as_argon2()
            && self.salt.len() == SALT_BYTES
            && self.output.len() == OUTPUT_BYTES
    }

    fn describe(&self) -> String {
        let (m, t, p) = (
            self.params.m_cost(),
            self.params.t_cost(),
            self.params.p_cost(),
        );
        format!("{}, m={m}, t={t}, p={p}", self.algorithm)
    }

    /// Writes a hash that was made here in PHC string format.
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
