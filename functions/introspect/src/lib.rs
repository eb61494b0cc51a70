//! `POST /introspect` (RFC 7662): reports whether an access token is active, for
//! resource servers that must see revocations at once.
//!
//! No authorizer is in front of it: a gateway would respond to a client that sends HTTP
//! Basic with a bare 403 of its own. A refresh token is always inactive: only this
//! service has any use for one.

use std::time::Duration;

use gatehouse_auth::claims::Claims;
use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{OauthError, Request, Response, response};
use gatehouse_store::{StoreError, TokenIds};
use http::StatusCode;
use secrecy::ExposeSecret;

mod app;
mod basic;
mod body;
mod caller;
#[cfg(feature = "schema")]
pub mod contract;
mod report;

pub use app::App;

use body::Body;
use caller::{Caller, Presented};
use report::Report;

/// How long a response may take: a resource server has a request waiting.
const BUDGET: Duration = Duration::from_secs(1);

/// Responds to one request.
///
/// # Errors
/// [`OauthError`] if the caller may not ask, the request is invalid, or the store
/// fails: a token that could not be looked up is not called inactive.
pub async fn handle(app: &App, request: &Request) -> Result<Response, OauthError> {
    match request.route() {
        "POST /introspect" => {
            let deadline = Deadline::after(BUDGET);
            deadline.enforce(introspect(app, request)).await?
        }
        _ => Err(OauthError::invalid_request("no such endpoint")),
    }
}

async fn introspect(app: &App, request: &Request) -> Result<Response, OauthError> {
    let now = app.clock.now();
    let presented = Presented::read(request)?;
    let body = Body::read(request)?;
    let caller = Caller::authenticate(app, request, &presented, &body).await?;
    let token = body.token.as_ref();
    let token = token.ok_or_else(|| OauthError::invalid_request("token is missing"))?;
    let claims = verified(app, token.expose_secret(), now).await?;
    let active = match &caller {
        Caller::Client => Some(is_active(app, claims.as_ref()).await?),
        Caller::Token(holder) => both_are_active(app, holder, claims.as_ref()).await?,
    };
    let Some(active) = active else {
        caller::deny(request, "token_revoked", &caller.ids());
        return Err(OauthError::invalid_token());
    };
    let claims = claims.filter(|_| active);
    Ok(response::json(StatusCode::OK, &Report::of(claims.as_ref())))
}

/// Returns the claims of a token that is valid except, perhaps, for a revocation.
async fn verified(app: &App, token: &str, now: Timestamp) -> Result<Option<Claims>, OauthError> {
    Ok(app.keys.verify(&app.verifier, token, now).await?.ok())
}

/// Reports whether a token is active.
async fn is_active(app: &App, claims: Option<&Claims>) -> Result<bool, StoreError> {
    let Some(claims) = claims else {
        return Ok(false);
    };
    let [revoked] = app.revocations.check_each([TokenIds::from(claims)]).await?;
    Ok(revoked.is_none())
}

/// Reports whether a token is active, or `None` if its holder's own token is revoked;
/// one call for both.
async fn both_are_active(
    app: &App,
    holder: &Claims,
    claims: Option<&Claims>,
) -> Result<Option<bool>, StoreError> {
    // Without a second token the first is looked up twice, which costs nothing more.
    let second = claims.unwrap_or(holder);
    let tokens = [TokenIds::from(holder), TokenIds::from(second)];
    let [holder, second] = app.revocations.check_each(tokens).await?;
    let active = claims.is_some() && second.is_none();
    Ok(holder.is_none().then_some(active))
}
