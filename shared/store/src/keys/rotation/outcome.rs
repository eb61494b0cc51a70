//! What the steps of a rotation come to.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::key::{KeyError, RotationStep, UnprovenKey};

use crate::dynamodb::error::StoreError;
use crate::keys::error::KeyStoreError;

/// What the creation of the next ring came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It waits; this is what it would change.
    Waiting(RotationStep),
    /// This rotation had made it before.
    Already,
}

/// What the publication of the next ring, or its coming into force, came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// This very call has done it.
    Done,
    /// Done, and the ring is the one that was there: it was too early to change it.
    Unchanged,
    /// It was done before.
    Already,
    /// This rotation has made no ring, or another's has taken its place.
    NothingWaits,
    /// The ring in force is not the one that this rotation's was made from: what
    /// waited was given up.
    Superseded,
}

/// What the removal of a key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The key is in no ring and not published.
    Done,
    /// There is no such key.
    Unknown,
}

/// Why a step could not be done. All of them may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The ring or the table could not be read or written.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// A key could not be made.
    #[error("the next ring could not be made")]
    Key(#[from] KeyError),
    /// Verifiers would refuse what the ring signs.
    #[error(transparent)]
    Unproven(#[from] UnprovenKey),
    /// Others wrote at every try.
    #[error("others are changing the keys at this moment")]
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
            Self::Key(_) | Self::Unproven(_) => false,
        }
    }
}
