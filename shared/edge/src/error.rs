//! What an error must do to become a response.

mod oauth;
mod problem;

use crate::Response;
pub use oauth::OauthError;
pub use problem::{FieldError, Problem};

/// An error that a handler may return.
pub trait IntoResponse {
    /// Turns the error into the response to the request with this id.
    fn into_response(self, request_id: &str) -> Response;
}
