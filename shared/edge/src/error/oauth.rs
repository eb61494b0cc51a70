//! Errors of the token endpoints (RFC 6749 section 5.2).

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use gatehouse_auth::failure::Failure;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::problem::RETRY_SOON;
use crate::error::IntoResponse;
use crate::telemetry;
use crate::{Response, response};

/// An error of `/refresh`, `/revoke` or `/introspect` as its caller reads it.
#[derive(Debug)]
pub struct OauthError {
    status: StatusCode,
    error: &'static str,
    description: Cow<'static, str>,
    scope: Option<&'static str>,
    retry_after: Option<Duration>,
}

impl OauthError {
    /// 400 `invalid_request`; the description holds no quotes and no backslash.
    #[must_use]
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            description: description.into(),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_request", "")
        }
    }

    /// 413 `invalid_request`.
    #[must_use]
    pub fn body_too_large() -> Self {
        let description = "the body has more than 16 KiB";
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request",
            description,
        )
    }

    /// 415 `invalid_request`.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let description = "send application/x-www-form-urlencoded or application/json in UTF-8";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request",
            description,
        )
    }

    /// 429 `invalid_request`, with `Retry-After`.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let description = "too many attempts: wait, then try again";
        let error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "invalid_request",
            description,
        );
        Self {
            retry_after: Some(retry_after),
            ..error
        }
    }

    /// 400 `invalid_grant`: forged, expired, revoked, replayed alike, so that
    /// nobody learns which.
    #[must_use]
    pub fn invalid_grant() -> Self {
        let description = "the refresh token is invalid, expired or revoked";
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// 400 `invalid_scope`.
    #[must_use]
    pub fn invalid_scope() -> Self {
        let description = "the scope is malformed or exceeds what was granted";
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", description)
    }

    /// 400 `unsupported_grant_type`.
    #[must_use]
    pub fn unsupported_grant_type() -> Self {
        let description = "grant_type must be refresh_token";
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            description,
        )
    }

    /// 403 `insufficient_scope`; the challenge names the scope that is required
    /// (RFC 6750 section 3).
    #[must_use]
    pub fn insufficient_scope(scope: &'static str) -> Self {
        let description = format!("the access token lacks the scope {scope}");
        Self {
            description: description.into(),
            scope: Some(scope),
            ..Self::new(StatusCode::FORBIDDEN, "insufficient_scope", "")
        }
    }

    /// 401 `invalid_token` (RFC 6750 section 3.1).
    #[must_use]
    pub fn invalid_token() -> Self {
        let description = "a valid access token is required";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token", description)
    }

    /// 401 `invalid_client` (RFC 6749 section 5.2), with a challenge for each way to
    /// authenticate at `/introspect`. The description must not say which part of a
    /// credential was wrong.
    #[must_use]
    pub fn invalid_client(description: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    /// 503 `temporarily_unavailable`, with `Retry-After`.
    #[must_use]
    pub fn temporarily_unavailable(retry_after: Duration) -> Self {
        let description = "the service cannot answer now: try again";
        let error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            description,
        );
        Self {
            retry_after: Some(retry_after),
            ..error
        }
    }

    /// 500 `server_error`.
    #[must_use]
    pub fn server_error() -> Self {
        let description = "the service failed";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            description,
        )
    }

    /// Logs a failure, here and nowhere else, and answers 503 where the same
    /// request may succeed a moment later, 500 where somebody must look.
    #[must_use]
    pub fn failed(failure: &dyn Failure) -> Self {
        telemetry::failure(failure, failure.is_transient());
        if failure.is_transient() {
            Self::temporarily_unavailable(RETRY_SOON)
        } else {
            Self::server_error()
        }
    }

    /// Logs an error that no retry mends, here and nowhere else, and answers 500.
    #[must_use]
    pub fn broken(error: &(dyn Error + 'static)) -> Self {
        telemetry::failure(error, false);
        Self::server_error()
    }

    /// Returns the answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the value of `error`, such as `invalid_grant`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.error
    }

    fn challenge(&self) -> Option<HeaderValue> {
        let challenge = match (self.error, self.scope) {
            // One field: a response of payload 2.0 carries no field twice, and
            // RFC 9110 section 11.6.1 joins challenges with commas.
            ("invalid_client", _) => CLIENT_CHALLENGES.to_owned(),
            ("insufficient_scope", Some(scope)) => {
                format!(r#"{BEARER}, error="insufficient_scope", scope="{scope}""#)
            }
            ("invalid_token" | "insufficient_scope", _) => {
                format!(r#"{BEARER}, error="{}""#, self.error)
            }
            _ => return None,
        };
        HeaderValue::from_str(&challenge).ok()
    }

    fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        let description = Cow::Borrowed(description);
        Self {
            status,
            error,
            description,
            scope: None,
            retry_after: None,
        }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self, _: &str) -> Response {
        let wire = Wire {
            error: self.error,
            error_description: &self.description,
        };
        let mut response = response::json(self.status, &wire);
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, response::retry_after(wait));
        }
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

const BEARER: &str = r#"Bearer realm="gatehouse""#;
/// RFC 7617 section 2 and RFC 6750 section 3; the latter without an error code, since
/// the request may not have held a token.
const CLIENT_CHALLENGES: &str =
    r#"Basic realm="gatehouse", charset="UTF-8", Bearer realm="gatehouse""#;

#[derive(Serialize)]
struct Wire<'a> {
    error: &'static str,
    error_description: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_that_is_not_good_enough_is_challenged() {
        let challenge = |error: OauthError| {
            let answer = error.into_response("id");
            let challenge = answer.headers().get("www-authenticate").cloned();
            challenge.map(|value| value.to_str().unwrap_or_default().to_owned())
        };
        let realm = r#"Bearer realm="gatehouse", error="#;
        let invalid = format!("{realm}\"invalid_token\"");
        assert_eq!(challenge(OauthError::invalid_token()), Some(invalid));
        let insufficient = format!("{realm}\"insufficient_scope\", scope=\"introspect\"");
        let refused = OauthError::insufficient_scope("introspect");
        assert_eq!(challenge(refused), Some(insufficient));
        assert_eq!(challenge(OauthError::invalid_grant()), None);
        let both = r#"Basic realm="gatehouse", charset="UTF-8", Bearer realm="gatehouse""#;
        let refused = OauthError::invalid_client("wrong");
        assert_eq!(challenge(refused), Some(both.to_owned()));
    }

    #[test]
    fn each_error_has_its_status_and_code() {
        let wait = Duration::from_secs(7);
        let answers: Vec<String> = [
            OauthError::invalid_request("token is missing"),
            OauthError::body_too_large(),
            OauthError::unsupported_media_type(),
            OauthError::too_many_requests(wait),
            OauthError::invalid_grant(),
            OauthError::invalid_scope(),
            OauthError::unsupported_grant_type(),
            OauthError::insufficient_scope("introspect"),
            OauthError::invalid_token(),
            OauthError::invalid_client("the client credentials are invalid"),
            OauthError::temporarily_unavailable(wait),
            OauthError::server_error(),
        ]
        .into_iter()
        .map(|error| {
            let answer = error.into_response("id");
            let body = String::from_utf8_lossy(answer.body()).into_owned();
            let wait = answer
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok());
            format!(
                "{} {} {body}",
                answer.status().as_u16(),
                wait.unwrap_or("-")
            )
        })
        .collect();
        insta::assert_snapshot!(answers.join("\n"), @r#"
        400 - {"error":"invalid_request","error_description":"token is missing"}
        413 - {"error":"invalid_request","error_description":"the body has more than 16 KiB"}
        415 - {"error":"invalid_request","error_description":"send application/x-www-form-urlencoded or application/json in UTF-8"}
        429 7 {"error":"invalid_request","error_description":"too many attempts: wait, then try again"}
        400 - {"error":"invalid_grant","error_description":"the refresh token is invalid, expired or revoked"}
        400 - {"error":"invalid_scope","error_description":"the scope is malformed or exceeds what was granted"}
        400 - {"error":"unsupported_grant_type","error_description":"grant_type must be refresh_token"}
        403 - {"error":"insufficient_scope","error_description":"the access token lacks the scope introspect"}
        401 - {"error":"invalid_token","error_description":"a valid access token is required"}
        401 - {"error":"invalid_client","error_description":"the client credentials are invalid"}
        503 7 {"error":"temporarily_unavailable","error_description":"the service cannot answer now: try again"}
        500 - {"error":"server_error","error_description":"the service failed"}
        "#);
    }
}
