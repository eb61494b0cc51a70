//! Ends of sessions: writes across tables, each one transaction.
//!
//! A condition that fails is an answer. It is never tried again with newer
//! values: a session that somebody has just ended could end the others.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use gatehouse_auth::id::{SessionId, SubjectId};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, names, number, pk, values};
use crate::dynamodb::transaction::{self, Outcome};
use crate::revocations::Revocations;
use crate::sessions::Sessions;
use crate::users::Users;

/// How the end of a session, or of several, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything is written, now or before.
    Done,
    /// Nothing is written: the caller's right to it has ended meanwhile.
    Refused,
}

/// Who ends the other sessions, as the caller's access token says.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The subject.
    pub sub: &'a SubjectId,
    /// The session that lives on.
    pub sid: &'a SessionId,
    /// The token's version; it must be the user's current one.
    pub ver: u64,
}

/// Ends one session and its access tokens.
///
/// A session that was revoked before, or that is gone, is [`Ended::Done`];
/// another subject's is [`Ended::Refused`].
///
/// # Errors
/// [`StoreError`] as the calls give it.
pub async fn end_session(
    sessions: &Sessions,
    revocations: &Revocations,
    sid: &SessionId,
    sub: &SubjectId,
    now: Timestamp,
    reason: &str,
) -> Result<Ended, StoreError> {
    let parts = vec![
        sessions.revoke_part(sid, sub, now)?,
        revocations.session_part(sid, now, reason)?,
    ];
    match transaction::write(revocations.table().client(), parts).await? {
        Outcome::Written => Ok(Ended::Done),
        Outcome::Refused(conditions) if conditions.item(0).is_some() => Ok(Ended::Refused),
        // TTL has deleted the session; its access tokens may live on for a while.
        Outcome::Refused(_) => {
            revocations.revoke_sid(sid, now, reason).await?;
            Ok(Ended::Done)
        }
    }
}

/// Ends every session of the caller but the caller's own, and every access token.
///
/// # Errors
/// [`StoreError`] as the call gives it.
pub async fn end_other_sessions(
    users: &Users,
    sessions: &Sessions,
    revocations: &Revocations,
    caller: &Caller<'_>,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let mut parts = all(
        users,
        revocations,
        caller.sub,
        caller.ver,
        now,
        "logout_others",
    )?;
    parts.push(sessions.follow_part(caller.sid, caller.sub)?);
    write(users, parts).await
}

/// Ends every session of a subject, and every access token.
///
/// # Errors
/// [`StoreError`] as the call gives it.
pub async fn end_all_sessions(
    users: &Users,
    revocations: &Revocations,
    sub: &SubjectId,
    ver: u64,
    now: Timestamp,
    reason: &str,
) -> Result<Ended, StoreError> {
    let parts = all(users, revocations, sub, ver, now, reason)?;
    write(users, parts).await
}

/// Raises both counters, if `ver` is the current one, and revokes what is below.
fn all(
    users: &Users,
    revocations: &Revocations,
    sub: &SubjectId,
    ver: u64,
    now: Timestamp,
    reason: &str,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let raised = ver.saturating_add(1);
    let counters = Update::builder()
        .table_name(users.table().name())
        .set_key(Some(pk(&ItemKey::user(sub))))
        .condition_expression("#token_version = :ver")
        .update_expression(
            "SET #token_version = :raised, #session_version = #session_version + :one, \
             #updated_at = :now",
        )
        .set_expression_attribute_names(Some(names([
            "token_version",
            "session_version",
            "updated_at",
        ])))
        .set_expression_attribute_values(Some(values([
            ("ver", number(ver)),
            ("raised", number(raised)),
            ("one", number(1)),
            ("now", moment(now)),
        ])));
    Ok(vec![
        transaction::update(counters)?,
        revocations.subject_part(sub, raised, now, reason)?,
    ])
}

async fn write(users: &Users, parts: Vec<TransactWriteItem>) -> Result<Ended, StoreError> {
    match transaction::write(users.table().client(), parts).await? {
        Outcome::Written => Ok(Ended::Done),
        Outcome::Refused(_) => Ok(Ended::Refused),
    }
}
