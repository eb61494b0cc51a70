//! What needs mail: forgotten passwords, and addresses that are verified or changed.
//!
//! It never sends anything: it writes to the outbox, and `mailer` decides whether anybody
//! gets a mail. So no response shows whether an account exists.

use gatehouse_edge::{Problem, Request, Response};

mod access_token;
mod address;
mod app;
#[cfg(feature = "schema")]
pub mod contract;
mod forgot;
mod proof;
mod verification;

pub use app::App;

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] unless the request succeeds.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let now = app.authenticator.clock.now();
    request.no_parameters()?;
    match request.route() {
        "POST /password/forgot" => forgot::forgot(app, request, now).await,
        "POST /email/verify" => Box::pin(verification::verify(app, request, now)).await,
        "POST /email/verification" => Box::pin(verification::send_again(app, request, now)).await,
        "PUT /me/email" => Box::pin(address::change(app, request, now)).await,
        "POST /email/cancel" => Box::pin(address::cancel(app, request, now)).await,
        _ => Err(Problem::not_found()),
    }
}
