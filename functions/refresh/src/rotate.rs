//! `POST /refresh`: one conditional update, whose outcome decides.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::{AttemptId, Jti, SessionId, SubjectId};
use gatehouse_auth::key::{MacKid, MacKidError};
use gatehouse_auth::random;
use gatehouse_auth::refresh::step::{
    self, RefreshAttempt, RefreshDecision, RefreshRefusal, RevokeReason, SessionUpdate,
};
use gatehouse_auth::refresh::{IdempotencyKey, IdempotencyKeyError, RefreshToken};
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::Grant;
use gatehouse_auth::user::User;
use gatehouse_edge::{AuditEvent, OauthError, RefreshDelivery, Request, Response, Tokens};
use gatehouse_store::{KeyStoreError, RotateSession};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::error::RefreshError;
use crate::presented::{Presented, authenticate};
use crate::sent::SentToken;

/// A stored session with an invalid key id.
#[derive(Debug, thiserror::Error)]
#[error("the session refers to a malformed key id")]
struct MalformedKeyId(#[source] MacKidError);

impl Failure for MalformedKeyId {
    fn is_transient(&self) -> bool {
        false
    }
}

/// Responds to `POST /refresh`.
///
/// # Errors
/// Unless new tokens are issued.
pub(crate) async fn refresh(app: &App, request: &Request) -> Result<Response, RefreshError> {
    // Once, at the start: no token may outlive a revocation that follows the update.
    let now = app.clock.now();
    let (sent, wanted) = read(app, request)?;
    let key = idempotency_key(request)?;
    let presented = authenticate(app, sent.text.expose_secret(), now).await?;
    sent.check_account(&presented.token)?;
    if let Some(wanted) = &wanted {
        check_scope(app, &presented.token, wanted).await?;
    }
    let refresh = Refresh {
        app,
        request,
        presented: &presented,
        place: sent.place,
        wanted,
        attempt_id: attempt_id(key.as_ref(), &presented.token)?,
        now,
    };
    let (session, user) = refresh.step().await?;
    refresh.issue(&session, &user).await
}

/// A refresh whose token is authentic.
struct Refresh<'a> {
    app: &'a App,
    request: &'a Request,
    presented: &'a Presented,
    place: RefreshDelivery,
    wanted: Option<Scopes>,
    attempt_id: AttemptId,
    now: Timestamp,
}

impl Refresh<'_> {
    /// Raises the generation, and returns the session to issue tokens for.
    async fn step(&self) -> Result<(Session, User), RefreshError> {
        let token = &self.presented.token;
        let sub = token.sub();
        let (user, update) = tokio::join!(self.app.accounts.users.get(sub), self.rotate());
        let user = user?;
        let attempt = RefreshAttempt {
            presented: token,
            attempt_id: &self.attempt_id,
            grace: self.app.lifetimes.grace,
            now: self.now,
        };
        let mut decision = step::decide(update?, user.as_ref(), &attempt);
        // A step without a user never issues tokens.
        let user = user.ok_or(RefreshError::InvalidGrant);
        if let (RefreshDecision::ReadAgain(granted), Ok(user)) = (&decision, &user) {
            let now = self.app.accounts.sessions.get(token.sid()).await?;
            decision = step::decide_again(granted.clone(), now.as_ref(), user);
        }
        match decision {
            RefreshDecision::Rotated(session) | RefreshDecision::Successor(session) => {
                Ok((session, user?))
            }
            RefreshDecision::ReadAgain(_) => Err(RefreshError::InvalidGrant),
            RefreshDecision::Refuse(refusal) => {
                self.log(refusal);
                Err(RefreshError::InvalidGrant)
            }
            RefreshDecision::Revoke { sid, sub, reason } => {
                Err(self.revoke((&sid, &sub), user.ok().as_ref(), reason).await)
            }
        }
    }

    fn log(&self, refusal: RefreshRefusal) {
        let (sid, reason) = (self.presented.token.sid(), refusal.reason());
        match refusal {
            // The table has never had this generation: it was restored from a backup.
            RefreshRefusal::Ahead => tracing::warn!(%sid, reason, "a refresh was refused"),
            RefreshRefusal::Unknown
            | RefreshRefusal::Ended
            | RefreshRefusal::UserGone
            | RefreshRefusal::Disabled
            | RefreshRefusal::SessionVersion => {
                tracing::info!(%sid, reason, "a refresh was refused");
            }
        }
    }

    async fn rotate(&self) -> Result<SessionUpdate, RefreshError> {
        let token = &self.presented.token;
        let mac_kid = self.presented.ring.active_mac_id();
        let mac_kid = mac_kid.ok_or(KeyStoreError::NotReady)?;
        let update = RotateSession {
            sid: token.sid(),
            sub: token.sub(),
            generation: token.generation(),
            attempt_id: &self.attempt_id,
            mac_kid: &mac_kid,
            now: self.now,
            idle: self.app.lifetimes.idle,
            ip: self.request.client_address(),
            user_agent: self.request.user_agent(),
        };
        Ok(self.app.accounts.sessions.rotate(&update).await?)
    }

    /// Ends the session, and returns what the client learns of it.
    async fn revoke(
        &self,
        (sid, sub): (&SessionId, &SubjectId),
        user: Option<&User>,
        reason: RevokeReason,
    ) -> RefreshError {
        let (event, owner) = match reason {
            RevokeReason::Replay => (AuditEvent::RefreshReuseDetected, user),
            // Most of these are clients that lost a response.
            RevokeReason::LateRepeat => (AuditEvent::RefreshRepeatedLate, None),
        };
        let mut audit = self.request.audit();
        audit.sub = Some(sub);
        audit.sid = Some(sid);
        audit.reason = Some(reason.reason());
        audit.record(event);
        let (accounts, reason) = (&self.app.accounts, reason.reason());
        let ended = match owner {
            Some(user) => {
                let ended = accounts.end_replayed_session(sid, user, reason, self.now);
                ended.await.map(drop).map_err(RefreshError::from)
            }
            None => end(self.app, sid, sub, self.now, reason).await,
        };
        ended.err().unwrap_or(RefreshError::InvalidGrant)
    }

    /// Issues both tokens of the session's current generation.
    async fn issue(&self, session: &Session, user: &User) -> Result<Response, RefreshError> {
        // The key that the item names, so that concurrent requests issue the very same
        // token. It may be newer than the ring that had the presented token's key.
        let kid = MacKid::parse(&session.mac_kid).map_err(MalformedKeyId)?;
        let ring = self.app.signer.ring_with_mac(&kid, self.now).await?;
        let ring = ring.ok_or(KeyStoreError::HeldBack)?;
        let (key, _) = ring.signers(self.app.clock.now())?;
        let mac = ring.mac(&kid).ok_or(KeyStoreError::HeldBack)?;
        if let Some(wanted) = &self.wanted
            && !wanted.is_subset(&session.scope)
        {
            return Err(invalid_scope());
        }
        let available = session
            .scope
            .intersection(&self.app.role_scopes.scopes_of(&user.roles));
        let scope = match &self.wanted {
            Some(wanted) => wanted.intersection(&available),
            None => available,
        };
        let grant = Grant {
            sub: session.sub.clone(),
            sid: session.sid.clone(),
            jti: Jti::from_bytes(random::bytes()?),
            ver: user.token_version,
            auth_time: session.auth_time,
            scope: scope.clone(),
            roles: user.roles.clone(),
        };
        let access = self.app.issuer.issue(grant, key, self.now)?;
        let refresh = RefreshToken::mint(mac, &session.sub, &session.sid, session.generation)?;
        self.record(session);
        let tokens = Tokens {
            access: &access,
            refresh: &refresh,
            delivery: self.place,
            refresh_expires_in: session.idle_expires_at.since(self.now),
            scope: &scope,
        };
        Ok(tokens.into_response())
    }

    fn record(&self, session: &Session) {
        let mut audit = self.request.audit();
        audit.sub = Some(&session.sub);
        audit.sid = Some(&session.sid);
        audit.record(AuditEvent::TokenRefreshed);
    }
}

/// Ends a session: sets its `revoked_at`, and revokes its access tokens.
pub(crate) async fn end(
    app: &App,
    sid: &SessionId,
    sub: &SubjectId,
    now: Timestamp,
    reason: &str,
) -> Result<(), RefreshError> {
    app.accounts.end_session(sid, sub, reason, now).await?;
    Ok(())
}

/// Reads the token and the requested scope.
fn read(app: &App, request: &Request) -> Result<(SentToken, Option<Scopes>), RefreshError> {
    let (sent, (grant_type, scope)) = SentToken::read(app, request, "refresh_token", |fields| {
        // RFC 6749 section 6 requires it in a form; for JSON the endpoint implies it.
        let grant_type = if fields.is_form() {
            Some(fields.text("grant_type"))
        } else {
            fields.optional_text("grant_type")
        };
        (grant_type, fields.optional_text("scope"))
    })?;
    if grant_type.is_some_and(|grant_type| grant_type != "refresh_token") {
        let error = OauthError::unsupported_grant_type();
        return Err(RefreshError::Other(error));
    }
    // RFC 6749 section 3.2: a parameter without a value counts as omitted.
    let scope = scope
        .filter(|scope| !scope.is_empty())
        .map(|scope| Scopes::parse(&scope))
        .transpose()
        .map_err(|_| invalid_scope())?;
    Ok((sent, scope))
}

/// Reads the header `Idempotency-Key`, if the client sends one.
fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey<'_>>, RefreshError> {
    let Some(value) = request.http().headers().get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().map_err(|_| IdempotencyKeyError);
    match key.and_then(IdempotencyKey::parse) {
        Ok(key) => Ok(Some(key)),
        Err(error) => {
            let detail = format!("the header Idempotency-Key {error}");
            Err(RefreshError::Other(OauthError::invalid_request(detail)))
        }
    }
}

fn attempt_id(
    key: Option<&IdempotencyKey<'_>>,
    token: &RefreshToken,
) -> Result<AttemptId, RefreshError> {
    Ok(match key {
        Some(key) => key.attempt_id(token.sid(), token.generation()),
        None => AttemptId::from_bytes(random::bytes()?),
    })
}

fn invalid_scope() -> RefreshError {
    RefreshError::Other(OauthError::invalid_scope())
}

/// Checks the scope before the update: a refused scope must not cost the client its token.
///
/// A token that is not the session's current one goes on to the update, which must detect
/// a replay whatever its scope.
async fn check_scope(app: &App, token: &RefreshToken, wanted: &Scopes) -> Result<(), RefreshError> {
    let session = app.accounts.sessions.get(token.sid()).await?;
    let current = session.filter(|session| {
        session.sub == *token.sub()
            && session.generation == token.generation()
            && session.revoked_at.is_none()
    });
    match current {
        Some(session) if !wanted.is_subset(&session.scope) => Err(invalid_scope()),
        Some(_) | None => Ok(()),
    }
}
