//! `POST /refresh`: rotates a refresh token. `POST /revoke`: revokes a token
//! (RFC 7009).

use std::sync::Arc;

use gatehouse_edge::{OauthError, Request, Response};

mod app;
mod error;
mod presented;
mod revoke;
mod rotate;

pub use app::App;

/// Answers one request.
pub async fn handle(app: Arc<App>, request: Request) -> Response {
    let answer = match request.route() {
        "POST /refresh" => Box::pin(rotate::refresh(&app, &request)).await,
        "POST /revoke" => revoke::revoke(&app, &request).await,
        _ => return OauthError::invalid_request("no such endpoint").into_response(),
    };
    answer.unwrap_or_else(|error| error.into_oauth_error().into_response())
}
