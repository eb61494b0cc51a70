//! What an error must do to become a response.

use crate::Response;

/// An error that a handler may return.
pub trait IntoResponse {
    /// Turns the error into the response to the request with this id.
    fn into_response(self, request_id: &str) -> Response;
}
