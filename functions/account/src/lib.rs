//! What users do with their own account: `/me`, `/sessions`, a new password.
//!
//! The request never says whose account it is: the subject comes from the principal or
//! from a recovery code. A route that asks for the password needs no scope: the password
//! proves more than any scope, and whoever has it can log in again with all of them.

use gatehouse_auth::scope::PROFILE;
use gatehouse_edge::{Account, Principal, Problem, Request, Response, response};
use http::StatusCode;

mod app;
#[cfg(feature = "schema")]
pub mod contract;
mod deletion;
mod export;
mod new_password;
mod sessions;

pub use app::App;

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] unless the request succeeds.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let now = app.authenticator.clock.now();
    request.no_parameters()?;
    match request.route() {
        "GET /me" => me(app, request).await,
        "PUT /me/password" => Box::pin(new_password::change(app, request, now)).await,
        "POST /password/reset" => Box::pin(new_password::reset(app, request, now)).await,
        "DELETE /me" => Box::pin(deletion::delete(app, request, now)).await,
        "GET /me/export" => Box::pin(export::export(app, request, now)).await,
        "GET /sessions" => sessions::list(app, request, now).await,
        "DELETE /sessions/{id}" => sessions::end(app, request, now).await,
        _ => Err(Problem::not_found()),
    }
}

/// Responds to `GET /me`.
async fn me(app: &App, request: &Request) -> Result<Response, Problem> {
    let principal = Principal::of(request, app.authenticator.clock.now())?;
    principal.require_scope(PROFILE)?;
    let user = app.authenticator.owner(&principal).await?;
    let profile = user.into();
    Ok(response::json(StatusCode::OK, &Account::of(&profile)))
}
