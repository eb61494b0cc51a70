//! The deletion of a person: every trace but the revocation, until its time.
//!
//! One transaction takes the account, its names and its tokens; what is left then
//! opens nothing, and goes page by page. Whoever is interrupted there begins
//! again: the index still knows the sessions.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::Delete;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;

use crate::accounts::change::{MAX_ATTEMPTS, changed_each_time, version_behind_its_revocation};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{names, number, pk, text, values};
use crate::dynamodb::transaction::{self, Outcome};
use crate::login_attempts::person::{AttemptKeys, AttemptsAbout};
use crate::revocations::Revocations;
use crate::sessions::Sessions;
use crate::users::{Claim, Users};

/// How a deletion came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// The account and its names are gone, and no token of it is good.
    Done,
    /// Nothing is written: the user has changed meanwhile, or is gone.
    Refused,
    /// Nothing is written: nobody would be left to administer.
    LastAdmin,
}

/// Deletes an account as it was read, with its names and its external id; its subject never returns.
///
/// # Errors
/// [`StoreError`] as the call gives it.
pub async fn delete_user(
    users: &Users,
    revocations: &Revocations,
    user: &User,
    now: Timestamp,
) -> Result<Deleted, StoreError> {
    let account = Delete::builder()
        .table_name(users.table().name())
        .set_key(Some(pk(&ItemKey::user(&user.sub))))
        // The name's item goes too, so it has to be under the spelling that was read.
        .condition_expression("#token_version = :ver AND #username_canonical = :name")
        .set_expression_attribute_names(Some(names(["token_version", "username_canonical"])))
        .set_expression_attribute_values(Some(values([
            ("ver", number(user.token_version)),
            ("name", text(&user.username_canonical)),
        ])));
    let mut parts = vec![
        transaction::delete(account)?,
        // No version of this subject is ever allowed again.
        revocations.subject_part(&user.sub, u64::MAX, now, "user_deleted")?,
    ];
    for claim in Claim::ALL {
        let Some(name) = claim.key(user).filter(|_| claim != Claim::Subject) else {
            continue;
        };
        let name = Delete::builder()
            .table_name(users.table().name())
            .set_key(Some(pk(&name)))
            .condition_expression("attribute_not_exists(pk) OR #sub = :sub")
            .set_expression_attribute_names(Some(names(["sub"])))
            .set_expression_attribute_values(Some(values([("sub", text(user.sub.as_str()))])));
        parts.push(transaction::delete(name)?);
    }
    let admins = parts.len();
    parts.extend(users.admins_part(Some(user), None)?);
    match transaction::write(users.table().client(), parts).await? {
        Outcome::Written => Ok(Deleted::Done),
        Outcome::Refused(conditions) if conditions.failed(0) => Ok(Deleted::Refused),
        Outcome::Refused(conditions) if conditions.failed(admins) => Ok(Deleted::LastAdmin),
        Outcome::Refused(conditions) if conditions.failed(1) => {
            Err(version_behind_its_revocation())
        }
        Outcome::Refused(_) => Err(StoreError::rejected(
            "TransactWriteItems",
            "a name of the user leads to somebody else",
        )),
    }
}

/// Deletes an account for an administrator, whatever has just changed about it.
///
/// Returns the user who was deleted; [`Deleted::Refused`] is one who is not there.
///
/// # Errors
/// [`StoreError`] as the calls give it; [`StoreError::Unavailable`] when the
/// user changed under each of five attempts.
pub async fn remove_user(
    users: &Users,
    revocations: &Revocations,
    sub: &SubjectId,
    now: Timestamp,
) -> Result<(Option<User>, Deleted), StoreError> {
    for _ in 0..MAX_ATTEMPTS {
        let Some(user) = users.get(sub).await? else {
            return Ok((None, Deleted::Refused));
        };
        match delete_user(users, revocations, &user, now).await? {
            Deleted::Refused => {}
            deleted @ (Deleted::Done | Deleted::LastAdmin) => return Ok((Some(user), deleted)),
        }
    }
    Err(changed_each_time())
}

/// Deletes the sessions of a subject and the counters of their guesses, page by
/// page; returns how many sessions there were.
///
/// `digests` are those of the names, empty where nobody knows them any more.
///
/// # Errors
/// [`StoreError`] as the calls give it; the next try goes on.
pub async fn delete_traces(
    sessions: &Sessions,
    attempts: &AttemptsAbout,
    sub: &SubjectId,
    digests: Vec<String>,
) -> Result<usize, StoreError> {
    let mut about = AttemptKeys {
        sub: sub.clone(),
        digests,
        addresses: BTreeSet::new(),
    };
    attempts.forget(&about).await?;
    let mut deleted = 0;
    let mut start = None;
    loop {
        let page = sessions.ids_of_user(sub, start).await?;
        if !about.digests.is_empty() {
            about.addresses = sessions.addresses(&page.ids).await?;
            attempts.forget(&about).await?;
        }
        sessions.delete_all(&page.ids).await?;
        deleted += page.ids.len();
        start = page.next;
        if start.is_none() {
            return Ok(deleted);
        }
    }
}
