//! `POST /refresh`: rotates a refresh token. `POST /revoke`: revokes a token
//! (RFC 7009).

use gatehouse_edge::{OauthError, Request, Response};

mod app;
#[cfg(feature = "schema")]
pub mod contract;
mod error;
mod presented;
mod revoke;
mod rotate;
mod sent;

pub use app::App;

/// Responds to one request.
///
/// # Errors
/// An [`OauthError`] unless the request succeeds.
pub async fn handle(app: &App, request: &Request) -> Result<Response, OauthError> {
    match request.route() {
        "POST /refresh" => Ok(Box::pin(rotate::refresh(app, request)).await?),
        "POST /revoke" => Ok(revoke::revoke(app, request).await?),
        _ => Err(OauthError::invalid_request("no such endpoint")),
    }
}
