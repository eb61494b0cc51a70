//! The refresh step: what the session's update, the user and the presented token
//! come to. A pure function; only what it decides touches the store.

use std::time::Duration;

use crate::id::{AttemptId, SessionId, SubjectId};
use crate::refresh::token::RefreshToken;
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::{Status, User};

/// What the conditional update of the session came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// It went through; the item as it is now (`ALL_NEW`).
    Rotated(Session),
    /// Its condition failed; the item that refused it (`ALL_OLD`), if there is one.
    Refused(Option<Session>),
}

/// One attempt at a refresh.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The token that was presented, verified.
    pub presented: &'a RefreshToken,
    /// The id that the update of this attempt wrote or would have written.
    pub attempt_id: &'a AttemptId,
    /// How long after a rotation the generation before still gets its successor.
    pub grace: Duration,
    /// When the request began: the time by which the update was judged as well.
    pub now: Timestamp,
}

/// What a refresh comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This attempt raised the generation: answer with the session's tokens.
    Rotated(Session),
    /// Another attempt did, within the grace window: answer with the same
    /// successor, made with the session's `mac_kid` and generation. Nothing is written.
    Successor(Session),
    /// No tokens, and nothing is written.
    Refuse(Refusal),
    /// No tokens, and the session must be revoked.
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
pub enum Refusal {
    /// No such session, or somebody else's.
    Unknown,
    /// The session was revoked, or its time is over.
    Ended,
    /// The session is not ahead of a token that its update refused: an anomaly, as
    /// after the table was restored from a backup.
    Ahead,
}

impl Refusal {
    /// Returns the reason as logs carry it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "session_unknown",
            Self::Ended => "session_ended",
            Self::Ahead => "generation_ahead",
        }
    }
}

/// Why a refresh ends its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeReason {
    /// An older token was presented: somebody else may hold the newer one.
    Replay,
    /// The user does not exist any more.
    UserGone,
    /// The user is disabled.
    Disabled,
    /// The user's sessions were ended after this one began.
    SessionVersion,
}

impl RevokeReason {
    /// Returns the reason as logs and revocations carry it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Replay => "refresh_replay",
            Self::UserGone => "user_gone",
            Self::Disabled => "user_disabled",
            Self::SessionVersion => "session_version",
        }
    }
}

/// Decides a refresh from the update's result, the user and the presented token.
#[must_use]
pub fn decide(update: Update, user: Option<&User>, attempt: &Attempt) -> Decision {
    let (session, granted): (Session, fn(Session) -> Decision) = match update {
        Update::Rotated(session) => (session, Decision::Rotated),
        Update::Refused(None) => return Decision::Refuse(Refusal::Unknown),
        Update::Refused(Some(session)) => match classify(&session, attempt) {
            Standing::OurOwn => (session, Decision::Rotated),
            Standing::Overtaken => (session, Decision::Successor),
            Standing::Replayed => return revoke(session, RevokeReason::Replay),
            Standing::Refused(refusal) => return Decision::Refuse(refusal),
        },
    };
    match objection(user, &session) {
        Some(reason) => revoke(session, reason),
        None => granted(session),
    }
}

/// How a session that refused its update stands to the attempt.
enum Standing {
    /// It was this attempt's update that went through; its answer was lost.
    OurOwn,
    /// Another attempt with the same token went through a moment ago.
    Overtaken,
    /// The token is an old one.
    Replayed,
    /// No success, and no reason to write.
    Refused(Refusal),
}

/// The rows of the table, in order: the first that matches decides.
fn classify(session: &Session, attempt: &Attempt) -> Standing {
    let presented = attempt.presented;
    let ended = session.revoked_at.is_some()
        || session.expires_at <= attempt.now
        || session.idle_expires_at <= attempt.now;
    let in_grace = attempt.now.since(session.rotated_at) < attempt.grace;

    if session.sub != *presented.sub() {
        Standing::Refused(Refusal::Unknown)
    } else if ended {
        Standing::Refused(Refusal::Ended)
    } else if session.generation <= presented.generation() {
        // The same generation in a live session would have let the update through:
        // as with a lower one, whoever holds the token did no wrong.
        Standing::Refused(Refusal::Ahead)
    } else if session.attempt_id == *attempt.attempt_id {
        Standing::OurOwn
    } else if session.generation - 1 == presented.generation() && in_grace {
        Standing::Overtaken
    } else {
        Standing::Replayed
    }
}

/// What the user has against a session that may otherwise go on.
fn objection(user: Option<&User>, session: &Session) -> Option<RevokeReason> {
    let Some(user) = user else {
        return Some(RevokeReason::UserGone);
    };
    match user.status {
        Status::Disabled => Some(RevokeReason::Disabled),
        Status::Active => {
            (user.session_version > session.session_version).then_some(RevokeReason::SessionVersion)
        }
    }
}

fn revoke(session: Session, reason: RevokeReason) -> Decision {
    let Session { sid, sub, .. } = session;
    Decision::Revoke { sid, sub, reason }
}

#[cfg(test)]
mod tests;
