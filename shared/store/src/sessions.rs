//! The table of sessions: one item per login, keyed by `sid`.

mod by_user;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use gatehouse_auth::id::{AttemptId, SessionId, SubjectId};
use gatehouse_auth::key::MacKid;
use gatehouse_auth::refresh::step::SessionUpdate;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::version::MAX_VERSION;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, key, moment, names, number, text, values};
use crate::dynamodb::table::{Table, Write};

/// The condition on which the presented generation is followed by the next.
const ROTATE_CONDITION: &str = "#generation = :presented AND #sub = :sub \
     AND attribute_not_exists(#revoked_at) AND #expires_at > :now AND #idle_expires_at > :now";
/// An expression cannot take a minimum, and the absolute limit is not known before the
/// update. So the idle limit is written uncapped, and capped at the absolute one whenever
/// a session is read. The condition compares both, so that a refresh in the second half of
/// a session's life needs no second call.
const ROTATE_UPDATE: &str = "SET #generation = :next, #rotated_at = :now, \
     #attempt_id = :attempt_id, #mac_kid = :mac_kid, #last_used_at = :now, \
     #idle_expires_at = :idle, #ip = :ip, #user_agent = :user_agent";
const ROTATE_NAMES: [&str; 11] = [
    "generation",
    "sub",
    "revoked_at",
    "expires_at",
    "idle_expires_at",
    "rotated_at",
    "attempt_id",
    "mac_kid",
    "last_used_at",
    "ip",
    "user_agent",
];

/// The table of sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    table: Table,
}

/// One attempt to raise a session's generation.
#[derive(Debug, Clone, Copy)]
pub struct RotateSession<'a> {
    /// The session.
    pub sid: &'a SessionId,
    /// The subject that it must belong to.
    pub sub: &'a SubjectId,
    /// The generation of the presented token.
    pub generation: u32,
    /// The id of this attempt, by which a retry recognises its own write.
    pub attempt_id: &'a AttemptId,
    /// The key for the MAC of the successor.
    pub mac_kid: &'a MacKid,
    /// When the request began.
    pub now: Timestamp,
    /// How long a session survives without a refresh.
    pub idle: Duration,
    /// The client's address.
    pub ip: &'a str,
    /// The client's user agent, at most 256 bytes.
    pub user_agent: &'a str,
}

impl Sessions {
    /// Opens the table of that name; nothing connects yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        let table = Table::new(client, table);
        Self { table }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Writes a new session.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails; [`StoreError::Rejected`] if the id
    /// exists, unless this login wrote it.
    pub async fn create(&self, session: &Session) -> Result<(), StoreError> {
        let put = self.table.put(encode("PutItem", session)?, |put| {
            put.condition_expression("attribute_not_exists(sid)")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
        });
        match put.await? {
            Write::Done(_) => return Ok(()),
            // The SDK tries again after a lost response, and may meet its own write.
            Write::Refused(Some(item)) => {
                if self.read(&session.sid, item)? == *session {
                    return Ok(());
                }
            }
            Write::Refused(None) => {}
        }
        Err(StoreError::rejected("PutItem", "the session exists"))
    }

    /// Reads a session, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn get(&self, sid: &SessionId) -> Result<Option<Session>, StoreError> {
        let item = self.table.get(key("sid", sid.as_str())).await?;
        item.map(|item| self.read(sid, item)).transpose()
    }

    /// Raises the generation if the presented one is current, always in one call.
    ///
    /// `gatehouse_auth::refresh::step` interprets the result, which may be that a retry of
    /// the SDK found its own write.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn rotate(&self, rotate: &RotateSession<'_>) -> Result<SessionUpdate, StoreError> {
        let update = self
            .table
            .update(key("sid", rotate.sid.as_str()), |update| {
                update
                    .condition_expression(ROTATE_CONDITION)
                    .update_expression(ROTATE_UPDATE)
                    .set_expression_attribute_names(Some(names(ROTATE_NAMES)))
                    .set_expression_attribute_values(Some(values([
                        ("presented", number(rotate.generation.into())),
                        ("next", number(u64::from(rotate.generation) + 1)),
                        ("sub", text(rotate.sub.as_str())),
                        ("now", moment(rotate.now)),
                        ("idle", moment(rotate.now.plus(rotate.idle))),
                        ("attempt_id", text(rotate.attempt_id.as_str())),
                        ("mac_kid", text(rotate.mac_kid.to_string())),
                        ("ip", text(rotate.ip)),
                        ("user_agent", text(rotate.user_agent)),
                    ])))
                    .return_values(ReturnValue::AllNew)
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
            });
        match update.await? {
            Write::Done(item) => Ok(SessionUpdate::Rotated(self.read(rotate.sid, item)?)),
            Write::Refused(item) => {
                let item = item.map(|item| self.read(rotate.sid, item)).transpose()?;
                Ok(SessionUpdate::Refused(item))
            }
        }
    }

    /// Builds the part of a transaction that revokes a session.
    pub(crate) fn revoke_part(
        &self,
        sid: &SessionId,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        self.table.update_part(key("sid", sid.as_str()), |update| {
            update
                .condition_expression("#sub = :sub")
                .update_expression("SET #revoked_at = if_not_exists(#revoked_at, :now)")
                .set_expression_attribute_names(Some(names(["sub", "revoked_at"])))
                .set_expression_attribute_values(Some(values([
                    ("sub", text(sub.as_str())),
                    ("now", moment(now)),
                ])))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
        })
    }

    /// Builds the part of a transaction that revokes a session which nothing has revoked yet.
    pub(crate) fn revoke_first_part(
        &self,
        sid: &SessionId,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        self.table.update_part(key("sid", sid.as_str()), |update| {
            update
                .condition_expression("#sub = :sub AND attribute_not_exists(#revoked_at)")
                .update_expression("SET #revoked_at = :now")
                .set_expression_attribute_names(Some(names(["sub", "revoked_at"])))
                .set_expression_attribute_values(Some(values([
                    ("sub", text(sub.as_str())),
                    ("now", moment(now)),
                ])))
        })
    }

    /// Builds the part of a transaction that writes a new session.
    pub(crate) fn create_part(&self, session: &Session) -> Result<TransactWriteItem, StoreError> {
        let item = encode("TransactWriteItems", session)?;
        let absent = "attribute_not_exists(sid)";
        self.table
            .put_part(item, |put| put.condition_expression(absent))
    }

    /// Builds the part of a transaction that deletes a session.
    pub(crate) fn delete_part(&self, sid: &SessionId) -> Result<TransactWriteItem, StoreError> {
        let key = key("sid", sid.as_str());
        self.table.delete_part(key, |delete| delete)
    }

    /// Builds the part of a transaction that raises a session's `session_version` by one, as
    /// the same transaction raises the user's.
    ///
    /// It is raised and not set, so that the user need not be read first: a session that
    /// was valid stays valid, and one that was not stays invalid.
    pub(crate) fn follow_part(
        &self,
        sid: &SessionId,
        sub: &SubjectId,
    ) -> Result<TransactWriteItem, StoreError> {
        self.table.update_part(key("sid", sid.as_str()), |update| {
            update
                .condition_expression(
                    "#sub = :sub AND attribute_not_exists(#revoked_at) \
                     AND #session_version < :last",
                )
                .update_expression("SET #session_version = #session_version + :one")
                .set_expression_attribute_names(Some(names([
                    "sub",
                    "revoked_at",
                    "session_version",
                ])))
                .set_expression_attribute_values(Some(values([
                    ("sub", text(sub.as_str())),
                    ("last", number(MAX_VERSION - 1)),
                    ("one", number(1)),
                ])))
        })
    }

    /// Reads a session, and caps the idle limit at the absolute one.
    fn read(&self, sid: &SessionId, item: Item) -> Result<Session, StoreError> {
        self.read_shown(sid.as_str(), item)
    }

    /// Reads a session as [`read`](Self::read) does; an error calls the item `shown`.
    pub(crate) fn read_shown(&self, shown: &str, item: Item) -> Result<Session, StoreError> {
        let mut session: Session = self.table.decode(shown, item)?;
        session.idle_expires_at = session.idle_expires_at.min(session.expires_at);
        Ok(session)
    }
}
