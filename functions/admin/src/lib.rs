//! What administrators do with accounts: `/admin/users`.
//!
//! Passwords are neither read nor set here. Every change is recorded as an audit event
//! with its actor and its target, and takes effect on the next request.

use gatehouse_auth::user::Profile;
use gatehouse_auth::{role, scope};
use gatehouse_edge::{Account, EmailSuppression, Principal, Problem, Request, Response, response};
use http::StatusCode;
use tracing::warn;

mod app;
mod change;
#[cfg(feature = "schema")]
pub mod contract;
mod deletions;
mod list;
mod removal;

pub use app::App;
use app::Call;
pub use deletions::finish_deletions;

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] unless the request succeeds.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let now = app.clock.now();
    let actor = Principal::of(request, now)?;
    actor.require_role(role::ADMIN)?;
    actor.require_scope(scope::ADMIN)?;
    let call = Call {
        app,
        request,
        actor: &actor,
        now,
    };
    if request.route() != "GET /admin/users" {
        request.no_parameters()?;
    }
    match request.route() {
        "GET /admin/users" => list::list(&call).await,
        "GET /admin/users/{id}" => show(&call).await,
        "PATCH /admin/users/{id}" => change::change(&call).await,
        "DELETE /admin/users/{id}" => removal::remove(&call).await,
        "POST /admin/users/{id}/revoke-sessions" => change::revoke_sessions(&call).await,
        _ => Err(Problem::not_found()),
    }
}

/// Responds to `GET /admin/users/{id}`.
async fn show(call: &Call<'_>) -> Result<Response, Problem> {
    let user = call.app.accounts.users.get(&call.target()?).await?;
    let profile: Profile = user.ok_or_else(Problem::not_found)?.into();
    let suppression = suppression(call.app, &profile).await;
    let account = Account::of(&profile).with_suppression(suppression);
    Ok(response::json(StatusCode::OK, &account))
}

/// Returns whether SES sends nothing to the user's address; nothing without mail or without
/// an address.
async fn suppression(app: &App, profile: &Profile) -> Option<EmailSuppression> {
    let address = profile.email.as_ref().or(profile.pending_email.as_ref());
    let (list, address) = app.suppression.as_ref().zip(address)?;
    let is_listed = list.contains(address).await.map_err(|error| {
        // The user is shown all the same: SES is not needed for anything else here.
        warn!(%error, "a user is shown without their place on the suppression list");
    });
    Some(is_listed.ok().into())
}
