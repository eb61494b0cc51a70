//! Users and their sessions, as they are in the tables.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Profile, User};
use gatehouse_store::{Connection, Sessions, StoreError, Users};
use serde_json::{Value, json};

use crate::tables::Tables;

/// The tables of users and sessions.
#[derive(Debug)]
pub(super) struct StoredAccounts {
    users: Users,
    sessions: Sessions,
}

/// How many users are shown: each is a few reads, every few seconds.
const MAX_USERS: u8 = 25;
/// How many sessions of a user are shown, the newest first.
const MAX_SESSIONS: usize = 20;

impl StoredAccounts {
    pub(super) fn new(connection: &Connection, tables: &Tables) -> Option<Self> {
        let users = tables.name("UsersTable")?.to_owned();
        let sessions = tables.name("SessionsTable")?.to_owned();
        Some(Self {
            users: Users::new(connection.tables(), users),
            sessions: Sessions::new(connection.tables(), sessions),
        })
    }

    /// Reads some users in no particular order, and `also`, with their newest sessions.
    pub(super) async fn read(
        &self,
        also: Option<&SubjectId>,
        now: Timestamp,
    ) -> Result<Value, StoreError> {
        let page = self.users.page(None, MAX_USERS, || false).await?;
        let mut subjects: Vec<SubjectId> = page.users.into_iter().map(|user| user.sub).collect();
        subjects.extend(also.filter(|sub| !subjects.contains(sub)).cloned());
        let mut users = Vec::new();
        for sub in &subjects {
            // Not the profiles of the page: whether a session is active depends on a version
            // that they lack. A user may have been deleted since.
            if let Some(user) = self.users.get(sub).await? {
                users.push(self.user(user, now).await?);
            }
        }
        Ok(json!({ "users": users, "has_more": page.next.is_some() }))
    }

    async fn user(&self, user: User, now: Timestamp) -> Result<Value, StoreError> {
        let session_version = user.session_version;
        let stored = self.sessions.of_user(&user.sub).await?;
        let sessions = stored.iter().take(MAX_SESSIONS);
        let sessions: Vec<Value> = sessions
            .map(|session| described(session, session_version, now))
            .collect();
        // A profile has no hash.
        let profile = Profile::from(user);
        Ok(json!({
            "sub": profile.sub,
            "username": profile.username,
            "roles": profile.roles,
            "status": profile.status,
            "created_at": profile.created_at.unix(),
            "sessions": sessions,
            "session_count": stored.len(),
        }))
    }
}

fn described(session: &Session, session_version: u64, now: Timestamp) -> Value {
    json!({
        "sid": session.sid,
        "state": state(session, session_version, now),
        "generation": session.generation,
        "scope": session.scope,
        "created_at": session.created_at.unix(),
        "last_used_at": session.last_used_at.unix(),
        "idle_expires_at": session.idle_expires_at.unix(),
        "expires_at": session.expires_at.unix(),
        "revoked_at": session.revoked_at.map(Timestamp::unix),
        "ip": session.ip,
        "user_agent": session.user_agent,
    })
}

/// Says in a word whether a session is active, or how it ended.
fn state(session: &Session, session_version: u64, now: Timestamp) -> &'static str {
    if session.is_live(session_version, now) {
        "active"
    } else if session.revoked_at.is_some() {
        "revoked"
    } else if session.session_version < session_version {
        "ended"
    } else {
        "expired"
    }
}
