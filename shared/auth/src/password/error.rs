//! Why a password could not be hashed or compared.

use super::cost::Excess;
use crate::failure::Failure;

/// Why a password could not be hashed or compared. None of these means a wrong password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash takes more memory or time than we allow.
    #[error("the stored hash takes {0} (docs/password-hashes.md)")]
    TooCostly(Excess),
    /// The stored text is not a hash in a supported format.
    #[error("the stored hash is not in a supported format")]
    Malformed,
    /// Argon2 rejected its input.
    #[error("argon2 rejected its input")]
    Argon2(#[source] argon2::Error),
    /// The caller has less time left than the hashes take.
    #[error("not enough time left to compute a hash")]
    Busy,
    /// The hashing thread stopped before it finished.
    #[error("the hashing thread stopped before it finished")]
    Interrupted,
}

impl Failure for HashError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Interrupted => true,
            Self::TooCostly(_) | Self::Malformed | Self::Argon2(_) => false,
        }
    }
}

impl From<Excess> for HashError {
    fn from(excess: Excess) -> Self {
        Self::TooCostly(excess)
    }
}
