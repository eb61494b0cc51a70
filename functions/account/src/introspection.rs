//! `POST /introspect` (RFC 7662): is this access token good, and what does it say.
//!
//! For services that cannot verify one themselves. Of a refresh token it says
//! that it is not active: nobody but us has any business with one.

use gatehouse_auth::claims::Claims;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::oauth::OauthError;
use gatehouse_edge::principal::Principal;
use gatehouse_edge::request::Request;
use gatehouse_edge::response::{self, Response};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::app::App;

/// Answers `POST /introspect`.
///
/// # Errors
/// [`OauthError`] when the caller may not ask, the request cannot be read, or the
/// store fails: a token that could not be looked up is not called inactive.
pub(crate) async fn introspect(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, OauthError> {
    let principal = Principal::of(request, now).map_err(|_| OauthError::invalid_token())?;
    principal
        .require_scope("introspect")
        .map_err(|_| OauthError::insufficient_scope())?;
    let token: SecretString = request.form_or_json(|fields| fields.secret("token"))?;
    let claims = active(app, token.expose_secret(), now).await?;
    let answer = claims.map_or_else(|| json!({ "active": false }), |claims| body(&claims));
    Ok(response::json(StatusCode::OK, &answer))
}

/// Returns the claims of a token that is good at this moment.
async fn active(app: &App, token: &str, now: Timestamp) -> Result<Option<Claims>, OauthError> {
    let verdict = app.keys.verify(&app.verifier, token, now).await;
    let Ok(claims) = verdict.map_err(|error| OauthError::failed(&error))? else {
        return Ok(None);
    };
    let revoked = app
        .revocations
        .check(&claims.jti, &claims.sid, &claims.sub, claims.ver)
        .await
        .map_err(|error| OauthError::failed(&error))?;
    Ok(revoked.is_none().then_some(claims))
}

/// Section 2.2; `sid`, `auth_time` and `roles` are ours (RFC 9068 section 2.2).
fn body(claims: &Claims) -> Value {
    json!({
        "active": true,
        "token_type": "Bearer",
        "iss": claims.iss,
        "sub": claims.sub,
        "aud": claims.aud,
        "client_id": claims.client_id,
        "iat": claims.iat,
        "exp": claims.exp,
        "jti": claims.jti,
        "scope": claims.scope,
        "sid": claims.sid,
        "auth_time": claims.auth_time,
        "roles": claims.roles,
    })
}
