//! `GET /sessions` and `DELETE /sessions/{id}`: lists active sessions, and ends one.

use gatehouse_auth::id::SessionId;
use gatehouse_auth::scope::PROFILE;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{AuditEvent, Principal, Problem, Request, Response, response};
use gatehouse_store::Ended;
use http::StatusCode;
use serde::Serialize;

use crate::app::App;

/// Responds to `GET /sessions`: the active ones, newest first.
pub(crate) async fn list(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let principal = Principal::of(request, now)?;
    principal.require_scope(PROFILE)?;
    let user = app.authenticator.owner(&principal).await?;
    let sessions = app.accounts.sessions.of_user(&user.sub).await?;
    let items = sessions
        .iter()
        .filter(|session| session.is_live(user.session_version, now))
        .map(|session| Item::of(session, &principal.sid))
        .collect();
    Ok(response::json(StatusCode::OK, &List { items }))
}

const REASON: &str = "ended_by_its_owner";

/// Responds to `DELETE /sessions/{id}`. Ending a session that has ended succeeds.
pub(crate) async fn end(app: &App, request: &Request, now: Timestamp) -> Result<Response, Problem> {
    let principal = Principal::of(request, now)?;
    principal.require_scope(PROFILE)?;
    let sid = request.path_parameter("id").map(SessionId::parse);
    let Some(Ok(sid)) = sid else {
        return Err(Problem::not_found());
    };
    let session = app.accounts.sessions.get(&sid).await?;
    // Another user's session and an unknown one get the same response.
    if session.is_none_or(|session| session.sub != principal.sub) {
        return Err(Problem::not_found());
    }
    let ended = app.accounts.end_session(&sid, &principal.sub, REASON, now);
    match ended.await? {
        Ended::Refused => Err(Problem::not_found()),
        Ended::Done => {
            let mut audit = request.audit();
            audit.sub = Some(&principal.sub);
            audit.sid = Some(&sid);
            audit.reason = Some(REASON);
            audit.record(AuditEvent::SessionRevoked);
            Ok(response::no_content())
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SessionList))]
pub(crate) struct List<'a> {
    /// The active sessions, newest first.
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Session))]
pub(crate) struct Item<'a> {
    /// The session's id: the claim `sid`.
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$", example = "Sz3WlVYAS0q0X6mUjPqkTA"))]
    id: &'a SessionId,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
    /// When the session was last refreshed.
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    last_used_at: String,
    /// When the session ends, however often it is refreshed.
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    expires_at: String,
    /// The address of the client that logged in; empty if it is not known.
    ip: &'a str,
    /// The user agent of the client that logged in, at most 256 bytes.
    user_agent: &'a str,
    /// True for the session of the access token that asks.
    current: bool,
}

impl<'a> Item<'a> {
    fn of(session: &'a Session, current: &SessionId) -> Self {
        Self {
            id: &session.sid,
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            expires_at: session.expires_at.to_string(),
            ip: &session.ip,
            user_agent: &session.user_agent,
            current: session.sid == *current,
        }
    }
}
