//! What spans tables: each change of an account is one transaction.

mod change;
mod deletion;
mod import;
mod password;
mod sign_out;

pub use change::Changed;
pub use deletion::Deleted;
pub use import::Imported;
pub use sign_out::{Ended, SessionOwner};

use crate::dynamodb::error::StoreError;
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::revocations::Revocations;
use crate::sessions::Sessions;
use crate::users::{Claim, Users};

/// How often a change is attempted, re-reading the user each time. With fewer attempts,
/// a user who logs out at the same moment defeats an administrator; with more, a user
/// who keeps changing delays one for longer.
const MAX_ATTEMPTS: u8 = 5;

/// Accounts with their sessions and their revocations.
///
/// A method that changes something for the user takes the version of the user's access
/// token, and refuses if it is no longer the current one. A method that changes something
/// for an administrator reads the user, and starts again if the user has changed since.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// The users and their names.
    pub users: Users,
    /// The sessions.
    pub sessions: Sessions,
    /// The revocations of access tokens.
    pub revocations: Revocations,
}

/// What a part of a transaction writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The user's own item.
    User,
    /// The item of one of the user's names.
    Name(Claim),
    /// The number of active administrators.
    Admins,
    /// A session.
    Session,
    /// The revocation of access tokens, or a check that there is none.
    Revocation,
}

impl Accounts {
    /// Combines the three tables.
    #[must_use]
    pub fn new(users: Users, sessions: Sessions, revocations: Revocations) -> Self {
        Self {
            users,
            sessions,
            revocations,
        }
    }

    /// Writes a transaction. All of them go through here: this is the place to add a part
    /// that each of them needs.
    async fn write(&self, transaction: Transaction<Part>) -> Result<Outcome<Part>, StoreError> {
        transaction.write(self.users.table().client()).await
    }
}

/// The error for a user who changed during each attempt.
fn changed_each_time() -> StoreError {
    StoreError::unavailable("TransactWriteItems", "the user changed during each attempt")
}

/// The error for a revocation above the user's version: the table of users was restored
/// from a backup, and the versions in tokens would start again.
fn version_behind_its_revocation() -> StoreError {
    StoreError::rejected(
        "TransactWriteItems",
        "the user's version is behind its revocation, as after a restored backup",
    )
}
