//! Raising a user's versions after the table of users was restored from a backup.
//!
//! The backup has versions that have since been raised: sessions that ended can be
//! refreshed again, and new access tokens are below the lowest allowed version.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_auth::version;

use super::{Accounts, Deleted, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, number};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::revocations::LowestVersion;
use crate::users::UserUpdate;

/// The result of raising a user's versions.
#[derive(Debug)]
pub enum Raised {
    /// Both versions are above all that were revoked: every session has ended.
    Done,
    /// The user had been deleted after the backup, and is deleted again. The traces remain.
    Deleted(Box<User>),
    /// Nothing is written: the user had been deleted, and is the last administrator.
    LastAdmin,
    /// Nothing is written: there is no such user.
    NotFound,
}

impl Accounts {
    /// Raises both versions of a user above their revocation and above all their sessions,
    /// and deletes every mailed code: the revision that ended one may not be in the backup.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn raise(&self, sub: &SubjectId, now: Timestamp) -> Result<Raised, StoreError> {
        if let Some(outbox) = self.outbox() {
            outbox.delete_codes(sub).await?;
        }
        for _ in 0..MAX_ATTEMPTS {
            let Some(user) = self.users.get(sub).await? else {
                return Ok(Raised::NotFound);
            };
            let written = match self.revocations.lowest_version(sub).await? {
                LowestVersion::Deleted => match self.delete_once(&user, None, now).await? {
                    Deleted::Done => return Ok(Raised::Deleted(Box::new(user))),
                    Deleted::LastAdmin => return Ok(Raised::LastAdmin),
                    Deleted::Refused => false,
                },
                LowestVersion::Allowed(lowest) => {
                    let parts = self.raise_parts(&user, lowest, now).await?;
                    matches!(self.write(parts).await?, Outcome::Written)
                }
            };
            if written {
                return Ok(Raised::Done);
            }
        }
        Err(changed_each_time())
    }

    async fn raise_parts(
        &self,
        user: &User,
        lowest: u64,
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let sessions = self.sessions.of_user(&user.sub).await?;
        let newest = sessions.iter().map(|session| session.session_version).max();
        let raised = version::raised(user.token_version, lowest).map_err(exhausted)?;
        let ended = version::raised(user.session_version, newest.unwrap_or(0));
        let ended = ended.map_err(exhausted)?;
        let part = UserUpdate::of(user)
            .set("token_version", number(raised))
            .set("session_version", number(ended))
            .set("updated_at", moment(now))
            .end_codes()
            .part(&self.users);
        let mut parts = Transaction::new();
        parts.add(Part::User, part?);
        let reason = "raised";
        let revocation = self
            .revocations
            .subject_part(&user.sub, raised, now, reason)?;
        parts.add(Part::Revocation, revocation);
        Ok(parts)
    }
}
