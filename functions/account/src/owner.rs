//! The person behind a principal: read anew, and by the password where a token
//! alone is not enough.

use gatehouse_auth::password::Password;
use gatehouse_auth::user::{Status, User};
use gatehouse_edge::audit::AuditEvent;
use gatehouse_edge::principal::Principal;
use gatehouse_edge::problem::Problem;
use gatehouse_edge::request::Request;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;

/// Reads the person whose access token it is.
///
/// # Errors
/// 401 if the account is gone, disabled, or has changed since the token was made:
/// the authorizer looked a moment ago, and this is what it may have missed.
pub(crate) async fn read(app: &App, principal: &Principal) -> Result<User, Problem> {
    let user = app.users.get(&principal.sub).await;
    let user = user.map_err(|error| Problem::failed(&error))?;
    user.filter(|user| user.token_version == principal.ver && user.status == Status::Active)
        .ok_or_else(|| Problem::unauthorized(true))
}

/// Reads the person whose access token and whose password it is.
///
/// # Errors
/// As [`read`]; 401 `invalid_credentials` for another password.
pub(crate) async fn prove(
    app: &App,
    request: &Request,
    principal: &Principal,
    typed: &SecretString,
) -> Result<User, Problem> {
    let user = read(app, principal).await?;
    // A counter of guesses, one for each user, belongs here:
    // reserved before the hash, so that a stolen token guesses no password.
    let right = match Password::parse(typed.expose_secret()) {
        Ok(password) => app
            .hasher
            .verify(password, user.password_hash.clone())
            .await
            .map_err(|error| Problem::broken(&error))?,
        // No account has a password that can be none.
        Err(_) => false,
    };
    if right {
        return Ok(user);
    }
    let (denied, reason) = (AuditEvent::AuthorizationDenied, Some("wrong_password"));
    app.record(request, Some(&user.sub), denied, reason);
    Err(Problem::invalid_credentials())
}
