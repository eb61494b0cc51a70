//! Responses, and the headers that all of them have.

use std::time::Duration;

use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, InvalidHeaderValue, PRAGMA, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::Body;
use serde::Serialize;

use crate::Response;
use crate::request::REFRESH_COOKIE;

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

/// Creates a 202 response, without a body: what it leads to happens later, or not at all.
#[must_use]
pub fn accepted() -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// Makes the browser delete the refresh cookie.
#[must_use]
pub fn without_refresh_cookie(mut response: Response) -> Response {
    if let Ok(cookie) = refresh_cookie("", Duration::ZERO) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Makes the browser keep a refresh token, for as long as it is valid.
#[cfg(feature = "tokens")]
pub(crate) fn with_refresh_cookie(
    mut response: Response,
    token: &str,
    lifetime: Duration,
) -> Response {
    match refresh_cookie(token, lifetime) {
        Ok(cookie) => {
            response.headers_mut().append(SET_COOKIE, cookie);
            response
        }
        Err(error) => {
            tracing::error!(error = %error, "a refresh token could not be written as a cookie");
            json(StatusCode::INTERNAL_SERVER_ERROR, &serde_json::json!({}))
        }
    }
}

/// RFC 6265 section 4.1. Without `HttpOnly` any script of the page reads the token; without
/// `SameSite=Strict` other sites can send it.
fn refresh_cookie(token: &str, lifetime: Duration) -> Result<HeaderValue, InvalidHeaderValue> {
    let seconds = lifetime.as_secs();
    let mut value = HeaderValue::try_from(format!(
        "{REFRESH_COOKIE}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"
    ))?;
    value.set_sensitive(true);
    Ok(value)
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
    fn a_deleted_cookie_has_the_attributes_of_the_one_that_was_set() {
        let response = without_refresh_cookie(no_content());
        let cookie = &response.headers()["set-cookie"];
        assert!(cookie.is_sensitive());
        assert_eq!(
            cookie,
            "__Host-refresh_token=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
        );
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(retry_after(Duration::from_millis(1200)), "2");
        assert_eq!(retry_after(Duration::ZERO), "1");
    }
}
