//! Ending sessions.
//!
//! A condition that fails is a result, and is never tried again with newer values:
//! otherwise a session that has just been ended could end the others.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::{SessionId, SubjectId};
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_auth::version::{self, MAX_VERSION};

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, number};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::users::UserUpdate;

/// Whether sessions were ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything is written, now or before.
    Done,
    /// Nothing is written: the caller's token or code is no longer valid.
    Refused,
}

/// The session that ends the user's other sessions, as its access token describes it.
#[derive(Debug, Clone, Copy)]
pub struct SessionOwner<'a> {
    /// The subject.
    pub sub: &'a SubjectId,
    /// The session, which continues.
    pub sid: &'a SessionId,
    /// The token's version; it must be the user's current one.
    pub ver: u64,
}

impl Accounts {
    /// Ends a session and its access tokens.
    ///
    /// For a session that was revoked before or that no longer exists it returns
    /// [`Ended::Done`]; for another subject's session, [`Ended::Refused`].
    ///
    /// # Errors
    /// [`StoreError`] if a call fails.
    pub async fn end_session(
        &self,
        sid: &SessionId,
        sub: &SubjectId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let mut parts = Transaction::new();
        parts.add(Part::Session, self.sessions.revoke_part(sid, sub, now)?);
        let revocation = self.revocations.session_part(sid, now, reason)?;
        parts.add(Part::Revocation, revocation);
        match self.write(parts).await? {
            Outcome::Written => Ok(Ended::Done),
            Outcome::Refused(refusal) if refusal.item(Part::Session).is_some() => {
                Ok(Ended::Refused)
            }
            // TTL has deleted the session; its access tokens may still be valid.
            Outcome::Refused(_) => {
                self.revocations.revoke_sid(sid, now, reason).await?;
                Ok(Ended::Done)
            }
        }
    }

    /// Ends the session of a refresh token that was replayed, and writes a notice: once,
    /// however many replays come at the same time. If the notice cannot be written, the
    /// session ends without it.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails.
    pub async fn end_replayed_session(
        &self,
        sid: &SessionId,
        user: &User,
        reason: &str,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let mut parts = Transaction::new();
        let session = self.sessions.revoke_first_part(sid, &user.sub, now)?;
        parts.add(Part::Session, session);
        let revocation = self.revocations.session_part(sid, now, reason)?;
        parts.add(Part::Revocation, revocation);
        let notice = (MessageKind::RefreshReplayed, Origin::Session);
        if self.add_notice(&mut parts, notice, user, now)?
            && let Outcome::Written = self.write_despite_notice(parts).await?
        {
            return Ok(Ended::Done);
        }
        // There is no notice to write, or another replay has ended the session and written it.
        self.end_session(sid, &user.sub, reason, now).await
    }

    /// Ends every session of a user except the one given, and every access token.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn end_other_sessions(
        &self,
        owner: &SessionOwner<'_>,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let mut parts = self.all_sessions((owner.sub, owner.ver), 0, "logout_others", now)?;
        let session = self.sessions.follow_part(owner.sid, owner.sub)?;
        parts.add(Part::Session, session);
        self.end(parts).await
    }

    /// Ends every session of a user whose access token has the version `ver`, and every
    /// access token.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn end_all_sessions(
        &self,
        sub: &SubjectId,
        ver: u64,
        reason: &str,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        self.end(self.all_sessions((sub, ver), 0, reason, now)?)
            .await
    }

    /// Ends every session of a user and every access token, for an administrator.
    ///
    /// Returns false, and writes nothing, if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn end_sessions_of(
        &self,
        sub: &SubjectId,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some((user, lowest)) = self.read(sub).await? else {
                return Ok(false);
            };
            let owner = (sub, user.token_version);
            let ended = self.end(self.all_sessions(owner, lowest, reason, now)?);
            match ended.await? {
                Ended::Done => return Ok(true),
                Ended::Refused => {}
            }
        }
        Err(changed_each_time())
    }

    /// Builds the parts that raise both versions, if `ver` is the current one, and revoke
    /// the tokens below.
    fn all_sessions(
        &self,
        (sub, ver): (&SubjectId, u64),
        lowest_allowed: u64,
        reason: &str,
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let raised = version::raised(ver, lowest_allowed).map_err(exhausted)?;
        let mut parts = Transaction::new();
        parts.add(Part::User, self.versions_part((sub, ver), raised, now)?);
        let revocation = self.revocations.subject_part(sub, raised, now, reason)?;
        parts.add(Part::Revocation, revocation);
        Ok(parts)
    }

    fn versions_part(
        &self,
        (sub, ver): (&SubjectId, u64),
        raised: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        UserUpdate::for_token(sub, ver)
            .require(
                "#session_version < :last",
                ["session_version"],
                [("last", number(MAX_VERSION - 1))],
            )
            .set("token_version", number(raised))
            .increment("session_version")
            .set("updated_at", moment(now))
            .part(&self.users)
    }

    /// Writes a transaction that is refused if the version is no longer the current one.
    pub(super) async fn end(&self, parts: Transaction<Part>) -> Result<Ended, StoreError> {
        match self.write(parts).await? {
            Outcome::Written => Ok(Ended::Done),
            Outcome::Refused(_) => Ok(Ended::Refused),
        }
    }
}
