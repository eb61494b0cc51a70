//! A session: one login.

use serde::{Deserialize, Serialize};

use crate::id::{AttemptId, SessionId, SubjectId};
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::version;

/// One login of one user. Sessions are rotated, listed and revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's id.
    pub sid: SessionId,
    /// The user whose session it is.
    pub sub: SubjectId,
    /// The generation whose refresh token is current; the first is 0.
    pub generation: u32,
    /// When the generation last increased; the grace window starts here.
    pub rotated_at: Timestamp,
    /// The attempt that increased it; identifies a lost response.
    pub attempt_id: AttemptId,
    /// The id of the MAC key (`MacKid` as text) of the current generation's token.
    pub mac_kid: String,
    /// The user's `session_version` at login; a higher one ends the session.
    #[serde(deserialize_with = "version::deserialize")]
    pub session_version: u64,
    /// The scopes that the session may request; never changes.
    pub scope: Scopes,
    /// When the user entered the password (RFC 9068 section 2.2.1).
    pub auth_time: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed first.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case; also the table's TTL attribute.
    pub expires_at: Timestamp,
    /// The address of the last login or refresh.
    pub ip: String,
    /// The user agent of the last login or refresh, at most 256 bytes.
    pub user_agent: String,
    /// When it was revoked, if it has been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl Session {
    /// True if it can still be refreshed: not revoked, not expired, and begun after the
    /// user's sessions were last ended.
    #[must_use]
    pub fn is_live(&self, session_version: u64, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.session_version >= session_version
            && self.expires_at > now
            && self.idle_expires_at > now
    }
}
