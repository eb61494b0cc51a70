//! Why a password could not be hashed or compared.

use crate::failure::Failure;

/// Why a password could not be hashed or compared. None of these means a wrong password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash requires more memory, passes or lanes than we allow.
    #[error("the stored hash requires more work than is allowed")]
    Hostile,
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
            Self::Hostile | Self::Malformed | Self::Argon2(_) => false,
        }
    }
}
