//! A session: one login, as the rules see it.

use serde::{Deserialize, Serialize};

use crate::id::{AttemptId, SessionId, SubjectId};
use crate::scope::Scopes;
use crate::time::Timestamp;

/// One login of one person: what is rotated, listed, revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub sid: SessionId,
    /// Whose session it is.
    pub sub: SubjectId,
    /// The generation whose refresh token is current; the first is 0.
    pub generation: u32,
    /// When the generation was last raised; the grace window starts here.
    pub rotated_at: Timestamp,
    /// The attempt that raised it, by which a lost answer is recognised.
    pub attempt_id: AttemptId,
    /// The refresh MAC key (`MacKid` as text) that made the current generation's token.
    pub mac_kid: String,
    /// The user's `session_version` at login; a higher one ends the session.
    pub session_version: u64,
    /// What the session may ask for; never shrinks or grows.
    pub scope: Scopes,
    /// When the password was given (RFC 9068 section 2.2.1).
    pub auth_time: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed before.
    pub idle_expires_at: Timestamp,
    /// When it ends whatever happens; also the table's TTL attribute.
    pub expires_at: Timestamp,
    /// The address of the last login or refresh.
    pub ip: String,
    /// The user agent of the last login or refresh, 256 bytes at most.
    pub user_agent: String,
    /// When it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl Session {
    /// True if a refresh could go on with it: neither revoked nor over, and not
    /// from before the user's sessions were last ended.
    #[must_use]
    pub fn is_live(&self, session_version: u64, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.session_version >= session_version
            && self.expires_at > now
            && self.idle_expires_at > now
    }
}
