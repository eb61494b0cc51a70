//! Changes of roles and status, by an administrator or an operator.
//!
//! If the user has changed in the meantime, the change is decided again from the new
//! state: an administrator may change a user whatever else has just changed.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User, UserChange};

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{attribute, moment, names, number, pk, values};
use crate::dynamodb::transaction::{Outcome, Transaction};

/// The result of a change to a user.
#[derive(Debug)]
pub enum Changed {
    /// The change is written, and earlier access tokens are revoked.
    Done {
        /// The user before the change.
        before: Box<User>,
        /// The user after the change.
        after: Box<User>,
    },
    /// Nothing is written: the user already has these roles and this status.
    Unchanged(Box<User>),
    /// Nothing is written: there is no such user.
    NotFound,
    /// Nothing is written: no active administrator would be left.
    LastAdmin,
}

impl Accounts {
    /// Changes the roles or the status of a user.
    ///
    /// One transaction writes the user with the versions that the change raises, the
    /// revocation of earlier access tokens, and the number of active administrators.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn change(
        &self,
        sub: &SubjectId,
        change: &UserChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        self.change_with(sub, |_| Ok(change.clone()), now).await
    }

    /// Changes the roles or the status of a user depending on what they are. `decide` is
    /// called again if the user has changed in the meantime, so that no other change is
    /// lost.
    ///
    /// # Errors
    /// As [`change`](Self::change), and the errors of `decide`.
    pub async fn change_with<E: From<StoreError>>(
        &self,
        sub: &SubjectId,
        decide: impl Fn(&User) -> Result<UserChange, E>,
        now: Timestamp,
    ) -> Result<Changed, E> {
        for _ in 0..MAX_ATTEMPTS {
            let Some((before, lowest)) = self.read(sub).await? else {
                return Ok(Changed::NotFound);
            };
            let after = before.changed(&decide(&before)?, lowest, now);
            let Some(after) = after.map_err(exhausted)? else {
                return Ok(Changed::Unchanged(Box::new(before)));
            };
            match self.write(self.replacement(&before, &after)?).await? {
                Outcome::Written => {
                    let (before, after) = (Box::new(before), Box::new(after));
                    return Ok(Changed::Done { before, after });
                }
                Outcome::Refused(refusal) if refusal.failed(Part::User) => {}
                Outcome::Refused(refusal) if refusal.failed(Part::Admins) => {
                    return Ok(Changed::LastAdmin);
                }
                // The user's tokens were revoked since the revocation was read.
                Outcome::Refused(_) => {}
            }
        }
        Err(changed_each_time().into())
    }

    fn replacement(&self, before: &User, after: &User) -> Result<Transaction<Part>, StoreError> {
        let (sub, ver, now) = (&after.sub, after.token_version, after.updated_at);
        let reason = reason(before, after);
        let mut parts = Transaction::new();
        parts.add(Part::User, self.change_part(before, after)?);
        let revocation = self.revocations.subject_part(sub, ver, now, reason)?;
        parts.add(Part::Revocation, revocation);
        if let Some(admins) = self.users.admins_part(Some(before), Some(after))? {
            parts.add(Part::Admins, admins);
        }
        Ok(parts)
    }

    /// Builds the part that writes a change, provided that the user has not changed since
    /// it was read.
    fn change_part(&self, before: &User, after: &User) -> Result<TransactWriteItem, StoreError> {
        // A recovery code must not survive the disabling of its account.
        let update = match after.status {
            Status::Active => CHANGE.to_owned(),
            Status::Disabled => format!("{CHANGE} REMOVE #recovery_digest, #recovery_expires_at"),
        };
        let mut named = names([
            "token_version",
            "session_version",
            "roles",
            "status",
            "updated_at",
        ]);
        if after.status == Status::Disabled {
            named.extend(names(["recovery_digest", "recovery_expires_at"]));
        }
        let values = values([
            ("ver", number(before.token_version)),
            ("token_version", number(after.token_version)),
            ("session_version", number(after.session_version)),
            ("roles", attribute("TransactWriteItems", &after.roles)?),
            ("status", attribute("TransactWriteItems", after.status)?),
            ("now", moment(after.updated_at)),
        ]);
        let users = self.users.table();
        users.update_part(pk(&ItemKey::user(&after.sub)), |part| {
            part.condition_expression("#token_version = :ver")
                .update_expression(update)
                .set_expression_attribute_names(Some(named))
                .set_expression_attribute_values(Some(values))
        })
    }
}

const CHANGE: &str = "SET #token_version = :token_version, #session_version = :session_version, \
     #roles = :roles, #status = :status, #updated_at = :now";

/// Returns the reason that the revocation carries.
fn reason(before: &User, after: &User) -> &'static str {
    match (before.status, after.status) {
        (Status::Active, Status::Disabled) => "user_disabled",
        (Status::Disabled, Status::Active) => "user_enabled",
        (Status::Active, Status::Active) | (Status::Disabled, Status::Disabled) => "role_changed",
    }
}
