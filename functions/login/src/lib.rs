//! `POST /login`: checks a password and begins a session.
//!
//! An unknown name, a wrong password and a disabled account cost the same calls
//! and the same hash, and are answered with the same bytes.

use std::sync::Arc;

use gatehouse_auth::user::User;
use gatehouse_edge::audit::AuditEvent;
use gatehouse_edge::request::Request;
use gatehouse_edge::response::Response;

mod app;
mod attempt;
mod authenticate;
mod error;
mod opening;

pub use app::App;
use attempt::Attempt;
use authenticate::authenticate;
use error::LoginError;
use opening::Opening;

/// Answers one request.
pub async fn handle(app: Arc<App>, request: Request) -> Response {
    match login(&app, &request).await {
        Ok(response) => response,
        Err(error) => error.into_problem().into_response(request.request_id()),
    }
}

async fn login(app: &App, request: &Request) -> Result<Response, LoginError> {
    let now = app.clock.now();
    let attempt = Attempt::read(request, &app.address)?;
    // Before anything is written: without a key there is no token to give.
    let ring = app.ring.current(now).await?;
    let user = match authenticate(app, &attempt, now).await {
        Ok(user) => user,
        Err(error) => {
            if let LoginError::Refused(reason) = &error {
                record(
                    request,
                    &attempt,
                    None,
                    AuditEvent::LoginFailed,
                    Some(reason.name()),
                );
            }
            return Err(error);
        }
    };
    let scope = match attempt.scope_of(&app.role_scopes.of(&user.roles)) {
        Ok(scope) => scope,
        Err(error) => {
            let reason = Some("invalid_scope");
            record(
                request,
                &attempt,
                Some(&user),
                AuditEvent::LoginFailed,
                reason,
            );
            return Err(error);
        }
    };
    let opening = Opening {
        user: &user,
        scope,
        attempt: &attempt,
        now,
    };
    let response = opening.open(app, &ring).await?;
    record(
        request,
        &attempt,
        Some(&user),
        AuditEvent::LoginSucceeded,
        None,
    );
    Ok(response)
}

fn record(
    request: &Request,
    attempt: &Attempt,
    user: Option<&User>,
    event: AuditEvent,
    reason: Option<&str>,
) {
    let mut audit = request.audit();
    audit.sub = user.map(|user| &user.sub);
    audit.reason = reason;
    audit.identifier_digest = Some(&attempt.digest);
    audit.ip = Some(&attempt.ip);
    audit.record(event);
}
