//! Why a password was neither hashed nor compared.

use crate::failure::Failure;

/// Why a password was neither hashed nor compared; none of it means a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The stored hash asks for more memory, passes or lanes than we ever give.
    #[error("the stored hash asks for more work than is allowed")]
    Hostile,
    /// The stored text is not a hash of a supported form.
    #[error("the stored hash is not of a supported form")]
    Malformed,
    /// Argon2 refused its input.
    #[error("argon2 refused its input")]
    Argon2(#[source] argon2::Error),
    /// The caller has less time left than the hashes take.
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
