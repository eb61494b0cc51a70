//! `POST /login`: checks a password and begins a session.
//!
//! An unknown name, a wrong password and a disabled account cost the same calls and the
//! same hash, and get the same response, byte by byte, at the same [step](gatehouse_edge::Step).

use gatehouse_auth::user::User;
use gatehouse_edge::{AuditEvent, Problem, Request, Response};
use tokio::time::Instant;

mod app;
mod attempt;
mod authenticate;
#[cfg(feature = "schema")]
pub mod contract;
mod error;
mod new_network;
mod new_session;
mod replaced;
mod session_limit;
mod unverified;

pub use app::App;
use attempt::LoginAttempt;
use authenticate::{Admitted, authenticate};
use error::LoginError;
use new_session::NewSession;
use replaced::{record_end, replaced_token};

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] unless a session begins.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    Ok(login(app, request).await?)
}

async fn login(app: &App, request: &Request) -> Result<Response, LoginError> {
    let (started, now) = (Instant::now(), app.authenticator.clock.now());
    let attempt = LoginAttempt::read(app, request)?;
    let Admitted {
        authenticated,
        ring,
        surplus,
    } = match authenticate(app, &attempt, now).await {
        Ok(admitted) => admitted,
        Err(error) => {
            record_refusal(request, &attempt, None, &error);
            app.authenticator.step.wait(started).await;
            return Err(error);
        }
    };
    let user = &authenticated.user;
    if let Err(refusal) = unverified::refuse(app, &authenticated, now).await {
        record_refusal(request, &attempt, Some(user), &refusal);
        return Err(refusal);
    }
    let scope = attempt.scope_of(&app.role_scopes.scopes_of(&user.roles));
    let begun = async {
        let session = NewSession {
            user,
            scope: scope?,
            attempt: &attempt,
            replaces: replaced_token(app, request, now).await?,
            now,
        };
        session.begin(app, &ring).await
    };
    let given_back = authenticated.give_back();
    let (begun, ()) = tokio::join!(Box::pin(begun), Box::pin(given_back));
    match begun {
        Ok((response, replaced)) => {
            let surplus = match &replaced {
                Some(replaced) if *replaced.sub() == user.sub => {
                    surplus.map(|surplus| surplus.beside_the_end_of(replaced.sid()))
                }
                Some(_) | None => surplus,
            };
            let limit = &app.session_limit;
            tokio::join!(
                limit.end(surplus, (request, user), now),
                new_network::notify(app, &attempt, &authenticated, now),
            );
            if let Some(replaced) = &replaced {
                record_end(request, replaced);
            }
            let event = AuditEvent::LoginSucceeded;
            record(request, &attempt, Some(user), event, None);
            Ok(response)
        }
        Err(error) => {
            record_refusal(request, &attempt, Some(user), &error);
            Err(error)
        }
    }
}

/// Records why the login was refused, unless it failed on our side.
fn record_refusal(
    request: &Request,
    attempt: &LoginAttempt,
    user: Option<&User>,
    error: &LoginError,
) {
    if let Some((event, reason)) = error.audit_event() {
        record(request, attempt, user, event, Some(reason));
    }
}

fn record(
    request: &Request,
    attempt: &LoginAttempt,
    user: Option<&User>,
    event: AuditEvent,
    reason: Option<&str>,
) {
    let mut audit = request.audit();
    audit.sub = user.map(|user| &user.sub);
    audit.reason = reason;
    audit.identifier_digest = Some(&attempt.credentials.digest);
    audit.record(event);
}
