//! The results of the steps of a rotation.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::key::{KeyError, RotationStep, UnprovenKey};

use crate::dynamodb::error::StoreError;
use crate::keys::error::KeyStoreError;

/// The result of making the next ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingCreation {
    /// It is staged; this is what it would change.
    Staged(RotationStep),
    /// This rotation has made it before.
    Already,
}

/// The result of publishing the next ring, or of making it the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationProgress {
    /// This call did it.
    Done,
    /// Done, and the ring is the same as before: it was too early to change it.
    Unchanged,
    /// It was done before.
    Already,
    /// This rotation has made no ring, or another rotation has replaced it.
    NothingPending,
    /// The current ring is not the one that the pending ring was made from: the pending
    /// one was discarded.
    Superseded,
}

/// The result of removing a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRemoval {
    /// The key is neither in the ring nor published.
    Done,
    /// There is no such key.
    Unknown,
}

/// Why a step failed. It may be tried again in any case.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The ring or the table could not be read or written.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// A key could not be made.
    #[error("the next ring could not be made")]
    Key(#[from] KeyError),
    /// Verifiers would reject what the ring signs.
    #[error(transparent)]
    Unproven(#[from] UnprovenKey),
    /// The ring was restored from before a removal: publishing it would bring the removed
    /// key back.
    #[error(
        "the key ring (version {ring}) is older than the published floor ({floor}): make the newest version of the ring current again, or repeat `keys revoke` for each removed key"
    )]
    BelowFloor {
        /// The version of the ring.
        ring: u64,
        /// The oldest version that may sign.
        floor: u64,
    },
    /// Another process wrote during every try.
    #[error("another process is changing the keys")]
    Contended,
}

impl From<StoreError> for RotationError {
    fn from(error: StoreError) -> Self {
        Self::Keys(error.into())
    }
}

impl Failure for RotationError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Keys(error) => error.is_transient(),
            Self::Contended => true,
            Self::Key(_) | Self::Unproven(_) | Self::BelowFloor { .. } => false,
        }
    }
}
