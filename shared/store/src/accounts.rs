//! What spans tables: each change of an account is one transaction.

mod address;
mod change;
mod deletion;
mod import;
mod notice;
mod old_names;
mod password;
mod raise;
mod recovery;
mod replacement;
mod session_limit;
mod sign_out;
mod verification;

pub use change::Changed;
pub use deletion::{Deleted, PendingDeletion};
pub use import::{ImportBatch, Imported};
pub use raise::Raised;
pub use recovery::{CodeSource, Recoverable};
pub use session_limit::SurplusSessions;
pub use sign_out::{Ended, SessionOwner};
pub use verification::Verified;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::user::User;
use gatehouse_auth::version::VersionExhausted;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::outbox::Outbox;
use crate::revocations::{LowestVersion, Revocations};
use crate::sessions::Sessions;
use crate::users::{Claim, Users};

/// How often a change is attempted, re-reading the user each time. With fewer attempts,
/// a user who logs out at the same moment defeats an administrator; with more, a user
/// who keeps changing delays one for longer.
pub(crate) const MAX_ATTEMPTS: u8 = 5;

/// Accounts with their sessions and their revocations.
///
/// A method that changes something for the user takes the version of the user's access
/// token, and refuses if it is no longer the current one. A method that changes something
/// for an administrator reads the user, and starts again if the user has changed since.
///
/// With an outbox, a change that causes a mail writes its message, too.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// The users and their names.
    pub users: Users,
    /// The sessions.
    pub sessions: Sessions,
    /// The revocations of access tokens.
    pub revocations: Revocations,
    outbox: Option<Outbox>,
}

/// What a part of a transaction writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The user's own item.
    User,
    /// The item of one of the user's names.
    Name(Claim),
    /// The item of a name that the user gives up, or has given up.
    OldName,
    /// The number of active administrators.
    Admins,
    /// The deletions that have begun.
    Deletions,
    /// A session.
    Session,
    /// The revocation of access tokens, or a check that there is none.
    Revocation,
    /// A mailed code that is used.
    Code,
    /// A message in the outbox.
    Message,
}

impl Accounts {
    /// Combines the three tables. Nothing causes a mail.
    #[must_use]
    pub fn new(users: Users, sessions: Sessions, revocations: Revocations) -> Self {
        Self {
            users,
            sessions,
            revocations,
            outbox: None,
        }
    }

    /// Writes messages to an outbox, if there is one.
    #[must_use]
    pub fn with_outbox(self, outbox: Option<Outbox>) -> Self {
        Self { outbox, ..self }
    }

    /// Returns the outbox, if there is one.
    #[must_use]
    pub fn outbox(&self) -> Option<&Outbox> {
        self.outbox.as_ref()
    }

    /// Reads a user and the lowest version of their tokens that is not revoked; `None` if
    /// there is no such user, or if they were deleted after the backup that has them.
    async fn read(&self, sub: &SubjectId) -> Result<Option<(User, u64)>, StoreError> {
        let lowest = self.revocations.lowest_version(sub);
        let (user, lowest) = tokio::try_join!(self.users.get(sub), lowest)?;
        Ok(match lowest {
            LowestVersion::Deleted => None,
            LowestVersion::Allowed(lowest) => user.map(|user| (user, lowest)),
        })
    }

    /// Writes a transaction. All of them go through here: this is the place to add a part
    /// that each of them needs.
    async fn write<L: Copy + PartialEq>(
        &self,
        transaction: Transaction<L>,
    ) -> Result<Outcome<L>, StoreError> {
        transaction.write(self.users.table().client()).await
    }
}

/// The error for a user who changed during each attempt.
pub(crate) fn changed_each_time() -> StoreError {
    StoreError::unavailable("TransactWriteItems", "the user changed during each attempt")
}

/// The error for a version at its end.
fn exhausted(error: VersionExhausted) -> StoreError {
    StoreError::rejected("TransactWriteItems", error)
}
