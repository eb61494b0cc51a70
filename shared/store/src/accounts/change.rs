//! What somebody else changes about a user: roles, status, the end of sessions.
//!
//! Unlike a change of one's own, it is tried again with what was read anew: who
//! changes a user by right does so whatever else has just changed.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User, UserChange};

use crate::accounts::sign_out::{Ended, end_all_sessions};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{attribute, moment, names, number, pk, values};
use crate::dynamodb::transaction::{self, Outcome};
use crate::revocations::Revocations;
use crate::users::Users;

/// How a change of a user came out.
#[derive(Debug)]
pub enum Changed {
    /// Everything is written, access tokens of before are revoked.
    Done {
        /// The user as it was.
        before: Box<User>,
        /// The user as it is.
        after: Box<User>,
    },
    /// Nothing is written: the user is like this already.
    Unchanged(Box<User>),
    /// Nothing is written: there is no such user.
    NotFound,
    /// Nothing is written: nobody would be left to administer.
    LastAdmin,
}

/// Changes roles or status of a user, for an administrator.
///
/// One transaction: the user with the versions that the change raises, the
/// revocation of older access tokens, and the count of active administrators.
///
/// # Errors
/// [`StoreError`] as the calls give it; [`StoreError::Unavailable`] when the
/// user changed under each of five attempts.
pub async fn change_user(
    users: &Users,
    revocations: &Revocations,
    sub: &SubjectId,
    change: &UserChange,
    now: Timestamp,
) -> Result<Changed, StoreError> {
    let decide = |_: &User| Ok(change.clone());
    change_user_by(users, revocations, sub, decide, now).await
}

/// Changes roles or status of a user by what they are: `decide` is asked anew
/// whenever the user has changed meanwhile, so that no other change is lost.
///
/// # Errors
/// As [`change_user`], and what `decide` refuses.
pub async fn change_user_by<E: From<StoreError>>(
    users: &Users,
    revocations: &Revocations,
    sub: &SubjectId,
    decide: impl Fn(&User) -> Result<UserChange, E>,
    now: Timestamp,
) -> Result<Changed, E> {
    for _ in 0..MAX_ATTEMPTS {
        let Some(before) = users.get(sub).await? else {
            return Ok(Changed::NotFound);
        };
        let Some(after) = before.changed(&decide(&before)?, now) else {
            return Ok(Changed::Unchanged(Box::new(before)));
        };
        let reason = reason(&before, &after);
        let mut parts = vec![
            users.change_part(&before, &after)?,
            revocations.subject_part(sub, after.token_version, now, reason)?,
        ];
        parts.extend(users.admins_part(Some(&before), Some(&after))?);
        match transaction::write(users.table().client(), parts).await? {
            Outcome::Written => {
                let (before, after) = (Box::new(before), Box::new(after));
                return Ok(Changed::Done { before, after });
            }
            Outcome::Refused(conditions) if conditions.failed(0) => {}
            Outcome::Refused(conditions) if conditions.failed(2) => return Ok(Changed::LastAdmin),
            Outcome::Refused(_) => return Err(version_behind_its_revocation().into()),
        }
    }
    Err(changed_each_time().into())
}

/// Ends every session of a user and every access token, for an administrator.
///
/// False, with nothing written, if there is no such user.
///
/// # Errors
/// As [`change_user`].
pub async fn end_sessions_of(
    users: &Users,
    revocations: &Revocations,
    sub: &SubjectId,
    now: Timestamp,
    reason: &str,
) -> Result<bool, StoreError> {
    for _ in 0..MAX_ATTEMPTS {
        let Some(user) = users.get(sub).await? else {
            return Ok(false);
        };
        let ver = user.token_version;
        match end_all_sessions(users, revocations, sub, ver, now, reason).await? {
            Ended::Done => return Ok(true),
            Ended::Refused => {}
        }
    }
    Err(changed_each_time())
}

impl Users {
    /// Makes the part of a transaction that writes a change, on the condition
    /// that the user is still the one that was read.
    fn change_part(&self, before: &User, after: &User) -> Result<TransactWriteItem, StoreError> {
        // A code that was handed out must not outlive the account's good days.
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
        transaction::update(
            Update::builder()
                .table_name(self.table().name())
                .set_key(Some(pk(&ItemKey::user(&after.sub))))
                .condition_expression("#token_version = :ver")
                .update_expression(update)
                .set_expression_attribute_names(Some(named))
                .set_expression_attribute_values(Some(values([
                    ("ver", number(before.token_version)),
                    ("token_version", number(after.token_version)),
                    ("session_version", number(after.session_version)),
                    ("roles", attribute("TransactWriteItems", &after.roles)?),
                    ("status", attribute("TransactWriteItems", after.status)?),
                    ("now", moment(after.updated_at)),
                ]))),
        )
    }
}

/// The word that the revocation carries.
fn reason(before: &User, after: &User) -> &'static str {
    match (before.status, after.status) {
        (Status::Active, Status::Disabled) => "user_disabled",
        (Status::Disabled, Status::Active) => "user_enabled",
        (Status::Active, Status::Active) | (Status::Disabled, Status::Disabled) => "role_changed",
    }
}

/// A revocation above the user's version: the table of users was restored from a
/// backup, and the versions that tokens carry would begin again.
pub(crate) fn version_behind_its_revocation() -> StoreError {
    StoreError::rejected(
        "TransactWriteItems",
        "the user's version is behind its revocation, as after a restored backup",
    )
}

pub(crate) fn changed_each_time() -> StoreError {
    StoreError::unavailable("TransactWriteItems", "the user changed under each attempt")
}

const CHANGE: &str = "SET #token_version = :token_version, #session_version = :session_version, \
     #roles = :roles, #status = :status, #updated_at = :now";
/// Attempts at one change, each with the user read anew. Fewer refuse an
/// administrator for somebody's logout; more wait for a user who never rests.
pub(crate) const MAX_ATTEMPTS: u8 = 5;
