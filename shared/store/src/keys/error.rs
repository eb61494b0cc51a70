//! Why keys could not be read or written.

use std::time::Duration;

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
    /// A key was removed, and the ring with the removal could not be found.
    #[error("the key ring (version {ring}) is older than the published floor ({floor})")]
    BelowFloor {
        /// The version of the ring.
        ring: u64,
        /// The oldest version that may sign.
        floor: u64,
    },
    /// The request took so long that a key may have been removed in the meantime.
    #[error("the last look at the floor of the key ring is too old to sign")]
    LookTooOld,
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
            Self::NotReady | Self::HeldBack | Self::BelowFloor { .. } | Self::LookTooOld => true,
            Self::Store(error) => error.is_transient(),
            Self::File(_) | Self::Ring(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::BelowFloor { .. } | Self::LookTooOld => Some(NEXT_LOOK),
            Self::Store(error) => error.retry_after(),
            Self::NotReady | Self::HeldBack | Self::File(_) | Self::Ring(_) => None,
        }
    }
}

/// The next request looks again, and the ring is there once the removal has ended.
/// Longer keeps clients waiting for nothing.
const NEXT_LOOK: Duration = Duration::from_secs(1);
