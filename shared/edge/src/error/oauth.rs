//! Errors of the token endpoints (RFC 6749 section 5.2).

use std::borrow::Cow;
use std::error::Error;

use gatehouse_auth::failure::Failure;
use http::StatusCode;
use serde::Serialize;

use super::IntoResponse;
use super::fault::Fault;
use crate::Response;

/// An error of `/refresh`, `/revoke` or `/introspect`, as the client reads it.
#[derive(Debug)]
pub struct OauthError {
    error: &'static str,
    fault: Fault,
}

/// RFC 7617 section 2 and RFC 6750 section 3; the latter without an error code, since
/// the request may not have held a token. One field: a response of payload 2.0 carries
/// no field twice, and RFC 9110 section 11.6.1 joins challenges with commas.
const CLIENT_CHALLENGES: &str =
    r#"Basic realm="gatehouse", charset="UTF-8", Bearer realm="gatehouse""#;

impl OauthError {
    /// 400 `invalid_request`. The description must not contain quotes or backslashes.
    #[must_use]
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        let fault = Fault::new(StatusCode::BAD_REQUEST, description);
        Self::of("invalid_request", fault)
    }

    /// 413 `invalid_request`.
    #[must_use]
    pub fn body_too_large() -> Self {
        Self::of("invalid_request", Fault::body_too_large())
    }

    /// 415 `invalid_request`.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let description = "send application/x-www-form-urlencoded or application/json in UTF-8";
        let fault = Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description);
        Self::of("invalid_request", fault)
    }

    /// 400 `invalid_grant`, whether the token is forged, expired, revoked or replayed: the
    /// client does not learn which.
    #[must_use]
    pub fn invalid_grant() -> Self {
        let description = "the refresh token is invalid, expired or revoked";
        Self::bad_request("invalid_grant", description)
    }

    /// 409 `another_account`: the refresh cookie belongs to a different user than the page
    /// expects. Nothing has changed.
    #[must_use]
    pub fn another_account() -> Self {
        let description = "the cookie is of another account: another tab has logged in";
        Self::of(
            "another_account",
            Fault::new(StatusCode::CONFLICT, description),
        )
    }

    /// 400 `invalid_scope`.
    #[must_use]
    pub fn invalid_scope() -> Self {
        let description = "the scope is malformed or exceeds what was granted";
        Self::bad_request("invalid_scope", description)
    }

    /// 400 `unsupported_grant_type`.
    #[must_use]
    pub fn unsupported_grant_type() -> Self {
        let description = "grant_type must be refresh_token";
        Self::bad_request("unsupported_grant_type", description)
    }

    /// 403 `insufficient_scope`: the access token does not have this scope.
    #[must_use]
    pub fn missing_scope(scope: &str) -> Self {
        Self::of("insufficient_scope", Fault::missing_scope(scope))
    }

    /// 401 `invalid_token` (RFC 6750 section 3.1).
    #[must_use]
    pub fn invalid_token() -> Self {
        Self::of("invalid_token", Fault::invalid_token())
    }

    /// 401 `invalid_client` (RFC 6749 section 5.2), with a challenge for each way to
    /// authenticate at `/introspect`. The description must not say which part of a
    /// credential was wrong.
    #[must_use]
    pub fn invalid_client(description: &'static str) -> Self {
        let fault = Fault::new(StatusCode::UNAUTHORIZED, description);
        Self::of("invalid_client", fault.with_challenge(CLIENT_CHALLENGES))
    }

    /// 500 `server_error`, for an error that a retry cannot fix.
    #[must_use]
    pub fn broken(error: impl Error + Send + Sync + 'static) -> Self {
        Self::of("server_error", Fault::broken(error))
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.fault.status
    }

    /// Returns the value of `error`, such as `invalid_grant`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.error
    }

    fn bad_request(error: &'static str, description: &'static str) -> Self {
        Self::of(error, Fault::new(StatusCode::BAD_REQUEST, description))
    }

    fn of(error: &'static str, fault: Fault) -> Self {
        Self { error, fault }
    }
}

/// 503 `temporarily_unavailable`, with `Retry-After`, if the same request may succeed a
/// moment later; 500 `server_error` if an operator must act.
impl<F: Failure> From<F> for OauthError {
    fn from(failure: F) -> Self {
        let fault = Fault::from(failure);
        let error = if fault.is_transient() {
            "temporarily_unavailable"
        } else {
            "server_error"
        };
        Self::of(error, fault)
    }
}

impl IntoResponse for OauthError {
    fn into_response(self, _: &str) -> Response {
        let wire = Wire {
            error: self.error,
            error_description: &self.fault.detail,
        };
        self.fault.respond("application/json", &wire)
    }
}

/// An error of a token endpoint (RFC 6749 section 5.2).
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = OauthError))]
pub(crate) struct Wire<'a> {
    /// The stable word that clients compare.
    error: &'static str,
    /// What happened, for people.
    error_description: &'a str,
}

/// Every error: status, when it occurs, what a client does.
#[cfg(feature = "schema")]
pub(crate) const OAUTH_ERRORS: [crate::contract::Row; 12] = [
    (
        "invalid_request",
        400,
        "A parameter is missing, repeated or malformed, or the body is.",
        "Correct the client.",
    ),
    (
        "invalid_request",
        413,
        "The body is larger than 16 KiB.",
        "Send less.",
    ),
    (
        "invalid_request",
        415,
        "The content type is neither a form nor JSON in UTF-8.",
        "Send `application/x-www-form-urlencoded` or `application/json`.",
    ),
    (
        "invalid_grant",
        400,
        "The refresh token is invalid, expired, revoked or was replayed.",
        "Log in again. Do not retry.",
    ),
    (
        "invalid_scope",
        400,
        "The scope is malformed, or exceeds what the session was granted.",
        "Request less, or leave `scope` out.",
    ),
    (
        "unsupported_grant_type",
        400,
        "`grant_type` is not `refresh_token`.",
        "Correct the client.",
    ),
    (
        "invalid_token",
        401,
        "The access token of the caller is invalid, expired or revoked.",
        "Refresh once and retry.",
    ),
    (
        "invalid_client",
        401,
        "The client credentials are missing or invalid.",
        "Check the id and the secret: they may have been rotated.",
    ),
    (
        "another_account",
        409,
        "The refresh cookie belongs to a different user than `sub` says: another tab has logged in.",
        "Show the user which account is logged in now. Nothing was changed.",
    ),
    (
        "insufficient_scope",
        403,
        "The access token of the caller does not have the scope `introspect`.",
        "Use client credentials, or a token with that scope.",
    ),
    (
        "server_error",
        500,
        "Something is broken that a retry cannot fix.",
        "Report the request id to the operator.",
    ),
    (
        "temporarily_unavailable",
        503,
        "A store is overloaded or does not respond.",
        "Wait for the number of seconds in `Retry-After`, then repeat the same request.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::fault::Failing;

    #[test]
    fn an_invalid_or_insufficient_bearer_token_is_challenged() {
        let challenge = |error: OauthError| {
            let response = error.into_response("id");
            let challenge = response.headers().get("www-authenticate").cloned();
            challenge.map(|value| value.to_str().unwrap_or_default().to_owned())
        };
        let realm = r#"Bearer realm="gatehouse", error="#;
        let invalid = format!("{realm}\"invalid_token\"");
        assert_eq!(challenge(OauthError::invalid_token()), Some(invalid));
        let insufficient = format!("{realm}\"insufficient_scope\", scope=\"introspect\"");
        let refused = OauthError::missing_scope("introspect");
        assert_eq!(challenge(refused), Some(insufficient));
        assert_eq!(challenge(OauthError::invalid_grant()), None);
        let both = r#"Basic realm="gatehouse", charset="UTF-8", Bearer realm="gatehouse""#;
        let refused = OauthError::invalid_client("wrong");
        assert_eq!(challenge(refused), Some(both.to_owned()));
    }

    #[test]
    fn each_error_has_its_status_and_code() {
        let responses: Vec<String> = [
            OauthError::invalid_request("token is missing"),
            OauthError::body_too_large(),
            OauthError::unsupported_media_type(),
            OauthError::invalid_grant(),
            OauthError::another_account(),
            OauthError::invalid_scope(),
            OauthError::unsupported_grant_type(),
            OauthError::missing_scope("introspect"),
            OauthError::invalid_token(),
            OauthError::invalid_client("the client credentials are invalid"),
            OauthError::from(Failing { transient: true }),
            OauthError::from(Failing { transient: false }),
            OauthError::broken(Failing { transient: true }),
        ]
        .into_iter()
        .map(|error| {
            let response = error.into_response("id");
            let body = String::from_utf8_lossy(response.body()).into_owned();
            let wait = response
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok());
            let wait = wait.map_or("-", |wait| if wait == "1" { "2" } else { wait });
            format!("{} {} {body}", response.status().as_u16(), wait)
        })
        .collect();
        insta::assert_snapshot!(responses.join("\n"), @r#"
        400 - {"error":"invalid_request","error_description":"token is missing"}
        413 - {"error":"invalid_request","error_description":"the body is larger than 16 KiB"}
        415 - {"error":"invalid_request","error_description":"send application/x-www-form-urlencoded or application/json in UTF-8"}
        400 - {"error":"invalid_grant","error_description":"the refresh token is invalid, expired or revoked"}
        409 - {"error":"another_account","error_description":"the cookie is of another account: another tab has logged in"}
        400 - {"error":"invalid_scope","error_description":"the scope is malformed or exceeds what was granted"}
        400 - {"error":"unsupported_grant_type","error_description":"grant_type must be refresh_token"}
        403 - {"error":"insufficient_scope","error_description":"the scope `introspect` is required"}
        401 - {"error":"invalid_token","error_description":"a valid access token is required"}
        401 - {"error":"invalid_client","error_description":"the client credentials are invalid"}
        503 2 {"error":"temporarily_unavailable","error_description":"the service is unavailable: try again"}
        500 - {"error":"server_error","error_description":"an internal error occurred; quote the request id when reporting it"}
        500 - {"error":"server_error","error_description":"an internal error occurred; quote the request id when reporting it"}
        "#);
    }
}
