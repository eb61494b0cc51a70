//! The session that a login begins, and its first tokens.

use gatehouse_auth::id::{AttemptId, Jti, SessionId};
use gatehouse_auth::random;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::Grant;
use gatehouse_auth::user::User;
use gatehouse_edge::{Response, Tokens};
use gatehouse_store::CheckedRing;

use crate::app::App;
use crate::attempt::LoginAttempt;
use crate::error::LoginError;

/// A session about to begin.
pub(crate) struct NewSession<'a> {
    pub(crate) user: &'a User,
    pub(crate) scope: Scopes,
    pub(crate) attempt: &'a LoginAttempt,
    /// The token whose session ends.
    pub(crate) replaces: Option<RefreshToken>,
    pub(crate) now: Timestamp,
}

impl NewSession<'_> {
    /// Stores the session, and responds with its first tokens. The session that it replaces
    /// ends with the same write.
    ///
    /// The tokens are issued first, so that no session is stored without them.
    ///
    /// # Errors
    /// If a key is missing or the session could not be stored.
    pub(crate) async fn begin(
        self,
        app: &App,
        ring: &CheckedRing,
    ) -> Result<(Response, Option<RefreshToken>), LoginError> {
        let (key, mac) = ring.signers(app.authenticator.clock.now())?;
        let sid = SessionId::from_bytes(random::bytes()?);
        let session = self.session(app, sid, mac.id().to_string())?;
        let grant = Grant {
            sub: self.user.sub.clone(),
            sid: session.sid.clone(),
            jti: Jti::from_bytes(random::bytes()?),
            ver: self.user.token_version,
            auth_time: self.now,
            scope: self.scope.clone(),
            roles: self.user.roles.clone(),
        };
        let access = app.issuer.issue(grant, key, self.now)?;
        let refresh = RefreshToken::mint(mac, &session.sub, &session.sid, session.generation)?;
        match &self.replaces {
            None => app.sessions.create(&session).await?,
            Some(replaced) => {
                let accounts = &app.session_limit.accounts;
                let replace = accounts.replace_session(replaced.sid(), &session, self.now);
                replace.await?;
            }
        }
        let tokens = Tokens {
            access: &access,
            refresh: &refresh,
            delivery: self.attempt.delivery,
            refresh_expires_in: session.idle_expires_at.since(self.now),
            scope: &self.scope,
        };
        Ok((tokens.into_response(), self.replaces))
    }

    fn session(&self, app: &App, sid: SessionId, mac_kid: String) -> Result<Session, LoginError> {
        let expires_at = self.now.plus(app.lifetimes.absolute);
        Ok(Session {
            sid,
            sub: self.user.sub.clone(),
            generation: 0,
            rotated_at: self.now,
            attempt_id: AttemptId::from_bytes(random::bytes()?),
            mac_kid,
            session_version: self.user.session_version,
            scope: self.scope.clone(),
            auth_time: self.now,
            created_at: self.now,
            last_used_at: self.now,
            idle_expires_at: self.now.plus(app.lifetimes.idle).min(expires_at),
            expires_at,
            ip: self.attempt.credentials.address.clone(),
            user_agent: self.attempt.user_agent.clone(),
            revoked_at: None,
        })
    }
}
