//! Errors of every route but the token endpoints: RFC 9457 problems.

mod answer;
mod code;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::scope::Scopes;
use http::StatusCode;
use serde::Serialize;

use crate::telemetry;
use code::Code;

/// An error as its caller reads it; what the log reads is another text.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    suggestions: Vec<String>,
    retry_after: Option<Duration>,
    challenge: Option<Cow<'static, str>>,
}

/// What is wrong with one field of a body, or one parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The name of the field or parameter.
    pub field: Cow<'static, str>,
    /// A stable, machine-readable word, such as `missing`.
    pub code: &'static str,
    /// A sentence without its subject, such as `is missing`.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// Says what is wrong with `field`.
    #[must_use]
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
        }
    }
}

impl Problem {
    /// 400 `invalid_request`: what arrived is no request.
    pub(crate) fn invalid_request() -> Self {
        Self::new(Code::InvalidRequest, "this is no request that can be read")
    }

    /// 400 `invalid_json`: the body's syntax is bad.
    #[must_use]
    pub fn invalid_json(detail: &'static str) -> Self {
        Self::new(Code::InvalidJson, detail)
    }

    /// 415 `unsupported_media_type`.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(Code::UnsupportedMediaType, "send application/json in UTF-8")
    }

    /// 413 `body_too_large`.
    #[must_use]
    pub fn body_too_large() -> Self {
        Self::new(Code::BodyTooLarge, "the body has more than 16 KiB")
    }

    /// 422 `validation_failed`: fields that are missing, unknown or invalid.
    #[must_use]
    pub fn validation_failed(errors: Vec<FieldError>) -> Self {
        let detail = "some fields are missing, unknown or invalid: see `errors`";
        Self {
            errors,
            ..Self::new(Code::ValidationFailed, detail)
        }
    }

    /// 422 `weak_password`: why, and what would be better.
    #[must_use]
    pub fn weak_password(reasons: Vec<FieldError>, suggestions: Vec<String>) -> Self {
        let detail = "the password is too easy to guess";
        Self {
            errors: reasons,
            suggestions,
            ..Self::new(Code::WeakPassword, detail)
        }
    }

    /// 422 `invalid_scope`: more was asked for than the user may have.
    #[must_use]
    pub fn invalid_scope() -> Self {
        Self::new(
            Code::InvalidScope,
            "the scope is malformed or not granted to this user",
        )
    }

    /// 401 `invalid_credentials`: unknown user, wrong password, disabled account
    /// alike, so that nobody learns which.
    #[must_use]
    pub fn invalid_credentials() -> Self {
        let problem = Self::new(
            Code::InvalidCredentials,
            "the username or the password is wrong",
        );
        Self {
            challenge: Some(CHALLENGE.into()),
            ..problem
        }
    }

    /// 401 `unauthorized`: no access token, or (`presented`) a bad one.
    #[must_use]
    pub fn unauthorized(presented: bool) -> Self {
        let challenge = if presented {
            CHALLENGE_INVALID_TOKEN
        } else {
            CHALLENGE
        };
        let problem = Self::new(Code::Unauthorized, "an access token is needed");
        Self {
            challenge: Some(challenge.into()),
            ..problem
        }
    }

    /// 403 `insufficient_scope`: the user does not have this role.
    #[must_use]
    pub fn missing_role(role: &str) -> Self {
        let problem = Self::new(
            Code::InsufficientScope,
            format!("the role `{role}` is required"),
        );
        Self {
            challenge: Some(CHALLENGE_INSUFFICIENT_SCOPE.into()),
            ..problem
        }
    }

    /// 403 `insufficient_scope`: the token does not have this scope. The challenge
    /// names it (RFC 6750 section 3).
    #[must_use]
    pub fn missing_scope(scope: &str) -> Self {
        let problem = Self::new(
            Code::InsufficientScope,
            format!("the scope `{scope}` is required"),
        );
        // A scope-token holds no quote and no backslash; anything else stays out.
        let challenge = match Scopes::parse(scope) {
            Ok(scopes) if scopes.contains(scope) => Cow::Owned(format!(
                r#"{CHALLENGE_INSUFFICIENT_SCOPE}, scope="{scope}""#
            )),
            Ok(_) | Err(_) => CHALLENGE_INSUFFICIENT_SCOPE.into(),
        };
        Self {
            challenge: Some(challenge),
            ..problem
        }
    }

    /// 403 `registration_closed`.
    #[must_use]
    pub fn registration_closed() -> Self {
        Self::new(Code::RegistrationClosed, "nobody can register here")
    }

    /// 404: there is nothing of that name, or not for who asks.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is nothing here")
    }

    /// 409 `username_taken`.
    #[must_use]
    pub fn username_taken() -> Self {
        Self::new(Code::UsernameTaken, "another account has this username")
    }

    /// 409 `email_taken`.
    #[must_use]
    pub fn email_taken() -> Self {
        Self::new(Code::EmailTaken, "another account has this e-mail address")
    }

    /// 409 `last_admin`: nobody would be left to administer.
    #[must_use]
    pub fn last_admin() -> Self {
        Self::new(
            Code::LastAdmin,
            "this is the last active administrator: make another one first",
        )
    }

    /// 400 `invalid_code`: malformed, unknown, used and expired alike.
    #[must_use]
    pub fn invalid_code() -> Self {
        Self::new(
            Code::InvalidRecovery,
            "the recovery code is invalid, used or expired",
        )
    }

    /// 429 `too_many_requests`, with `Retry-After`.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let problem = Self::new(
            Code::TooManyRequests,
            "too many attempts: wait, then try again",
        );
        Self {
            retry_after: Some(retry_after),
            ..problem
        }
    }

    /// 503 `unavailable`, with `Retry-After`.
    #[must_use]
    pub fn unavailable(retry_after: Duration) -> Self {
        let problem = Self::new(
            Code::Unavailable,
            "the service cannot answer now: try again",
        );
        Self {
            retry_after: Some(retry_after),
            ..problem
        }
    }

    /// 500 `internal`.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            Code::Internal,
            "the service failed; the request id finds out why",
        )
    }

    /// Logs a failure, here and nowhere else, and answers 503 where the same
    /// request may succeed a moment later, 500 where somebody must look.
    #[must_use]
    pub fn failed(failure: &dyn Failure) -> Self {
        telemetry::failure(failure, failure.is_transient());
        if failure.is_transient() {
            Self::unavailable(RETRY_SOON)
        } else {
            Self::internal()
        }
    }

    /// Logs an error that no retry mends, here and nowhere else, and answers 500.
    #[must_use]
    pub fn broken(error: &(dyn Error + 'static)) -> Self {
        telemetry::failure(error, false);
        Self::internal()
    }

    /// Returns the answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// Returns the stable code, such as `username_taken`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            suggestions: Vec::new(),
            retry_after: None,
            challenge: None,
        }
    }
}

/// RFC 6750 section 3: no `error` where no token was presented.
const CHALLENGE: &str = r#"Bearer realm="gatehouse""#;
const CHALLENGE_INVALID_TOKEN: &str = r#"Bearer realm="gatehouse", error="invalid_token""#;
const CHALLENGE_INSUFFICIENT_SCOPE: &str =
    r#"Bearer realm="gatehouse", error="insufficient_scope""#;
/// Long enough for a throttled table to recover, short enough for a person.
pub(crate) const RETRY_SOON: Duration = Duration::from_secs(2);
