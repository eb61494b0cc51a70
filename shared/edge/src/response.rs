//! Responses, and the headers that all of them have.

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::Body;
use serde::Serialize;

use crate::Response;

/// Creates a response with an `application/json` body.
#[must_use]
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    with_content_type(status, "application/json", body)
}

/// Creates a 204 response, without a body.
#[must_use]
pub fn no_content() -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(crate) fn with_content_type<T: Serialize>(
    status: StatusCode,
    content_type: &'static str,
    body: &T,
) -> Response {
    let (status, text) = match serde_json::to_string(body) {
        Ok(text) => (status, text),
        Err(error) => {
            tracing::error!(error = %error, "a response could not be written as JSON");
            (StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned())
        }
    };
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// RFC 9110 section 10.2.3: whole seconds, at least one, rounded up.
pub(crate) fn retry_after(wait: Duration) -> HeaderValue {
    let started = u64::from(wait.subsec_nanos() > 0);
    HeaderValue::from(wait.as_secs().saturating_add(started).max(1))
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds the headers that every response has, except over a handler's own
/// `Cache-Control`.
pub(crate) fn finish(mut response: Response, request_id: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // RFC 6749 section 5.1 requires both.
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_response_has_the_common_headers() {
        let response = finish(no_content(), "LV7fzho-PHcEJPw=");
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["pragma"], "no-cache");
        assert_eq!(headers["x-request-id"], "LV7fzho-PHcEJPw=");
    }

    #[test]
    fn a_handlers_own_cache_control_is_kept() {
        let mut response = no_content();
        let public = HeaderValue::from_static("public, max-age=300");
        response.headers_mut().insert(CACHE_CONTROL, public);
        let response = finish(response, "a\nb");
        assert_eq!(response.headers()["cache-control"], "public, max-age=300");
        assert!(!response.headers().contains_key("pragma"));
        assert!(!response.headers().contains_key("x-request-id"));
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(retry_after(Duration::from_millis(1200)), "2");
        assert_eq!(retry_after(Duration::ZERO), "1");
    }
}
