//! The refresh step: decides a refresh from the session's update, the user and the
//! presented token. A pure function; only its decision touches the store.

use std::time::Duration;

use crate::id::{AttemptId, SessionId, SubjectId};
use crate::refresh::token::RefreshToken;
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::{Status, User};

/// The result of the session's conditional update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionUpdate {
    /// It succeeded; the item after it (`ALL_NEW`).
    Rotated(Session),
    /// Its condition failed; the item as it is (`ALL_OLD`), if there is one.
    Refused(Option<Session>),
}

/// One attempt to refresh.
#[derive(Debug, Clone, Copy)]
pub struct RefreshAttempt<'a> {
    /// The presented token, verified.
    pub presented: &'a RefreshToken,
    /// The id that this attempt's update wrote or would have written.
    pub attempt_id: &'a AttemptId,
    /// How long after a rotation the previous generation still gets its successor.
    pub grace: Duration,
    /// When the request began; the update's condition used the same time.
    pub now: Timestamp,
}

/// The outcome of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshDecision {
    /// This attempt raised the generation, or an earlier one with its id: respond with the
    /// session's tokens.
    Rotated(Session),
    /// Another attempt did, within the grace window: respond with the same successor,
    /// derived from the session's `mac_kid` and generation. Nothing is written.
    Successor(Session),
    /// The user's sessions seem to have ended after this one began. Read the session once
    /// more, after the user, and call [`decide_again`]: the two were read side by side.
    ReadAgain(Session),
    /// No tokens are issued and nothing is written.
    Refuse(RefreshRefusal),
    /// No tokens are issued and the session must be revoked.
    Revoke {
        /// The session to revoke.
        sid: SessionId,
        /// Whose session it is.
        sub: SubjectId,
        /// Why, for the log and the revocation.
        reason: RevokeReason,
    },
}

/// Why a refresh is refused without a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// The session does not exist or belongs to someone else.
    Unknown,
    /// The session was revoked or has expired.
    Ended,
    /// The session is not ahead of the token, yet the update's condition failed: an
    /// anomaly, for example after the table was restored from a backup.
    Ahead,
    /// The user no longer exists.
    UserGone,
    /// The user is disabled.
    Disabled,
    /// All of the user's sessions were ended after this one began.
    SessionVersion,
}

impl RefreshRefusal {
    /// Returns the reason, as logged.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "session_unknown",
            Self::Ended => "session_ended",
            Self::Ahead => "generation_ahead",
            Self::UserGone => "user_gone",
            Self::Disabled => "user_disabled",
            Self::SessionVersion => "session_version",
        }
    }
}

/// Why a refresh ends its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeReason {
    /// The token's successor has been used: there are two holders.
    Replay,
    /// The previous token came back after the window. Either someone else holds the
    /// current one, or its client never received it; nobody can tell which.
    LateRepeat,
}

impl RevokeReason {
    /// Returns the reason, as logged and as stored with the revocation.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::LateRepeat => "late_repeat",
        }
    }
}

/// Decides a refresh from the result of the update, the user and the presented token.
#[must_use]
pub fn decide(
    update: SessionUpdate,
    user: Option<&User>,
    attempt: &RefreshAttempt,
) -> RefreshDecision {
    let (session, granted): (Session, fn(Session) -> RefreshDecision) = match update {
        SessionUpdate::Rotated(session) => (session, RefreshDecision::Rotated),
        SessionUpdate::Refused(None) => return RefreshDecision::Refuse(RefreshRefusal::Unknown),
        SessionUpdate::Refused(Some(session)) => match classify(&session, attempt) {
            UpdateConflict::OwnUpdate => (session, RefreshDecision::Rotated),
            UpdateConflict::Overtaken => (session, RefreshDecision::Successor),
            UpdateConflict::Ends(reason) => return revoke(session, reason),
            UpdateConflict::Refused(refusal) => return RefreshDecision::Refuse(refusal),
        },
    };
    match reason_to_refuse(user, &session) {
        Some(RefreshRefusal::SessionVersion) => RefreshDecision::ReadAgain(session),
        Some(refusal) => RefreshDecision::Refuse(refusal),
        None => granted(session),
    }
}

/// Decides a refresh whose session was behind its user, from the session as it is now.
///
/// Of a user's sessions, the one that ends the others gets the user's new version with the
/// same transaction. A refresh of it that read the session before and the user after that
/// transaction must not end it.
#[must_use]
pub fn decide_again(granted: Session, now: Option<&Session>, user: &User) -> RefreshDecision {
    match now {
        None => RefreshDecision::Refuse(RefreshRefusal::Unknown),
        Some(now) if now.revoked_at.is_some() => RefreshDecision::Refuse(RefreshRefusal::Ended),
        Some(now) if now.session_version < user.session_version => {
            RefreshDecision::Refuse(RefreshRefusal::SessionVersion)
        }
        Some(_) => RefreshDecision::Successor(granted),
    }
}

/// How a session whose update failed relates to the attempt.
enum UpdateConflict {
    /// This attempt's update did succeed, or an earlier one's with the same idempotency
    /// key; its response was lost.
    OwnUpdate,
    /// Another attempt with the same token succeeded a moment ago.
    Overtaken,
    /// The token is an older one, and its holder may be a second one.
    Ends(RevokeReason),
    /// The refresh fails, and there is no reason to write.
    Refused(RefreshRefusal),
}

/// The rows of the table in order; the first match decides.
fn classify(session: &Session, attempt: &RefreshAttempt) -> UpdateConflict {
    let presented = attempt.presented;
    let ended = session.revoked_at.is_some()
        || session.expires_at <= attempt.now
        || session.idle_expires_at <= attempt.now;
    let in_grace = attempt.now.since(session.rotated_at) < attempt.grace;

    if session.sub != *presented.sub() {
        UpdateConflict::Refused(RefreshRefusal::Unknown)
    } else if ended {
        UpdateConflict::Refused(RefreshRefusal::Ended)
    } else if session.generation <= presented.generation() {
        // In a live session with the same generation the update would have succeeded.
        // As with a lower generation, the holder of the token did nothing wrong.
        UpdateConflict::Refused(RefreshRefusal::Ahead)
    } else if session.attempt_id == *attempt.attempt_id {
        UpdateConflict::OwnUpdate
    } else if session.generation - 1 > presented.generation() {
        UpdateConflict::Ends(RevokeReason::Replay)
    } else if in_grace {
        UpdateConflict::Overtaken
    } else {
        UpdateConflict::Ends(RevokeReason::LateRepeat)
    }
}

/// Why the user's state refuses a session that could otherwise continue, if it does.
/// Refusing is enough: the state stays, so nothing needs to be written.
fn reason_to_refuse(user: Option<&User>, session: &Session) -> Option<RefreshRefusal> {
    let Some(user) = user else {
        return Some(RefreshRefusal::UserGone);
    };
    match user.status {
        Status::Disabled => Some(RefreshRefusal::Disabled),
        Status::Active => (user.session_version > session.session_version)
            .then_some(RefreshRefusal::SessionVersion),
    }
}

fn revoke(session: Session, reason: RevokeReason) -> RefreshDecision {
    let Session { sid, sub, .. } = session;
    RefreshDecision::Revoke { sid, sub, reason }
}

#[cfg(test)]
mod tests;
