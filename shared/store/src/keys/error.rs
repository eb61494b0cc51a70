//! Why keys could not be read or written.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::key::{HeldBack, KeyError};

use crate::dynamodb::error::StoreError;

/// Why the key ring or the published keys could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// No key has been created yet: the first rotation has not run.
    #[error("there are no keys yet")]
    NotReady,
    /// The key may exist, but the last attempt to fetch the keys is too recent for
    /// another.
    #[error("the last attempt to fetch the keys is too recent")]
    HeldBack,
    /// The call to the table or the secret failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key ring's file cannot be read.
    #[error("the key ring's file cannot be read")]
    File(#[source] std::io::Error),
    /// The key ring is there but invalid.
    #[error("the key ring is invalid")]
    Ring(#[source] KeyError),
}

impl From<HeldBack> for KeyStoreError {
    fn from(_: HeldBack) -> Self {
        Self::HeldBack
    }
}

impl Failure for KeyStoreError {
    fn is_transient(&self) -> bool {
        match self {
            Self::NotReady | Self::HeldBack => true,
            Self::Store(error) => error.is_transient(),
            Self::File(_) | Self::Ring(_) => false,
        }
    }
}
