//! Errors on their way to a response, and which type to use where.
//!
//! - **A store, a key or a hash fails**: its crate has an error type that implements
//!   [`Failure`](gatehouse_auth::failure::Failure), which knows whether a retry may
//!   succeed. In a handler `?` turns it into a [`Problem`] or an [`OauthError`].
//! - **A rule refuses a request**, and the function must know why, for the audit log or
//!   to try something else: an enum of that function, such as `LoginError`, with a
//!   `From` that maps each variant to a response, without `_`. If only the caller needs
//!   to know, create the `Problem` where the rule is checked.
//! - **A route responds to people or to your own clients**: [`Problem`] (RFC 9457), with
//!   a `code` that clients compare. Several fields may be wrong at once: a [`FieldError`]
//!   for each, in [`Problem::validation_failed`].
//! - **A token endpoint** (`/refresh`, `/revoke`, `/introspect`): [`OauthError`], in the
//!   format of RFC 6749 section 5.2 that OAuth libraries read.
//! - **Any other error** means that our own data or code is wrong:
//!   [`Problem::broken`] and [`OauthError::broken`], a 500.
//! - **A setting is missing or invalid**: [`ConfigError`](crate::config::ConfigError),
//!   at cold start; the process ends.
//!
//! The caller and the log read different texts. Both error types keep the failure that
//! they come from. When the error becomes a response,
//! [`Fault::respond`](fault::Fault::respond) logs it once, with all its causes. A handler
//! never logs it, and the caller never sees it.

pub(crate) mod fault;
mod oauth;
mod problem;

use crate::Response;
pub(crate) use fault::LONGEST_RETRY;
pub use oauth::OauthError;
#[cfg(feature = "schema")]
pub(crate) use oauth::{OAUTH_ERRORS, Wire as OauthBody};
#[cfg(feature = "schema")]
pub(crate) use problem::{Code, FIELD_CODES, Wire as ProblemBody};
pub use problem::{FieldError, Problem};

/// An error that a handler may return.
pub trait IntoResponse {
    /// Turns the error into the response to the request with this id.
    fn into_response(self, request_id: &str) -> Response;
}
