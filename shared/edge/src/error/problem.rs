//! Errors of all routes except the token endpoints: RFC 9457 problems.

mod code;
#[cfg(feature = "schema")]
mod reference;
#[cfg(test)]
mod tests;
mod wire;

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::role::Role;
use http::StatusCode;
use serde::Serialize;

use super::fault::{BEARER, Fault};
pub(crate) use code::Code;
#[cfg(feature = "schema")]
pub(crate) use reference::FIELD_CODES;
#[cfg(feature = "schema")]
pub(crate) use wire::Wire;

/// An error as the client reads it. The log has the failure behind it.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    /// Boxed, because every handler's result reserves space for it.
    fault: Box<Fault>,
    errors: Vec<FieldError>,
    suggestions: Vec<String>,
}

/// What is wrong with a field of the body or a parameter of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The name of the field or parameter.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub field: Cow<'static, str>,
    /// A stable, machine-readable word, such as `missing`.
    pub code: &'static str,
    /// A sentence without a subject, such as `is missing`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// Describes what is wrong with `field`.
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
    /// 400 `invalid_request`: the event is not a request.
    pub(crate) fn invalid_request() -> Self {
        let detail = "the request could not be parsed";
        Self::new(Code::InvalidRequest, StatusCode::BAD_REQUEST, detail)
    }

    /// 400 `invalid_json`: the syntax of the body is invalid.
    #[must_use]
    pub fn invalid_json(detail: &'static str) -> Self {
        Self::new(Code::InvalidJson, StatusCode::BAD_REQUEST, detail)
    }

    /// 415 `unsupported_media_type`.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let detail = "send application/json in UTF-8";
        Self::new(Code::UnsupportedMediaType, status, detail)
    }

    /// 413 `body_too_large`.
    #[must_use]
    pub fn body_too_large() -> Self {
        Self::of(Code::BodyTooLarge, Fault::body_too_large())
    }

    /// 422 `validation_failed`: fields that are missing, unknown or invalid.
    #[must_use]
    pub fn validation_failed(errors: Vec<FieldError>) -> Self {
        let detail = "some fields are missing, unknown or invalid: see `errors`";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self {
            errors,
            ..Self::new(Code::ValidationFailed, status, detail)
        }
    }

    /// 422 `weak_password`: each reason as a code and a sentence, and suggestions for a
    /// better one. `field` is the one with the password.
    #[must_use]
    pub fn weak_password(
        field: &'static str,
        reasons: impl IntoIterator<Item = (&'static str, String)>,
        suggestions: Vec<String>,
    ) -> Self {
        let detail = "the password is too easy to guess";
        let reasons = reasons.into_iter();
        let errors = reasons.map(|(code, detail)| FieldError::new(field, code, detail));
        Self {
            errors: errors.collect(),
            suggestions,
            ..Self::new(Code::WeakPassword, StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// 422 `invalid_scope`: the request exceeds what the user may have.
    #[must_use]
    pub fn invalid_scope() -> Self {
        let detail = "the scope is malformed or not granted to this user";
        Self::new(Code::InvalidScope, StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 401 `invalid_credentials`, whether the user is unknown, the password wrong or the
    /// account disabled: the client does not learn which.
    #[must_use]
    pub fn invalid_credentials() -> Self {
        let detail = "the username or the password is wrong";
        let fault = Fault::new(StatusCode::UNAUTHORIZED, detail);
        Self::of(Code::InvalidCredentials, fault.with_challenge(BEARER))
    }

    /// 401 `unauthorized`: there is no access token.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::of(Code::Unauthorized, Fault::unauthorized())
    }

    /// 401 `unauthorized`: the access token is invalid, or not valid any longer.
    #[must_use]
    pub fn invalid_token() -> Self {
        Self::of(Code::Unauthorized, Fault::invalid_token())
    }

    /// 403 `insufficient_scope`: the user does not have this role.
    #[must_use]
    pub fn missing_role(role: &str) -> Self {
        let detail = format!("the role `{role}` is required");
        Self::of(Code::InsufficientScope, Fault::insufficient_scope(detail))
    }

    /// 403 `insufficient_scope`: the token does not have this scope.
    #[must_use]
    pub fn missing_scope(scope: &str) -> Self {
        Self::of(Code::InsufficientScope, Fault::missing_scope(scope))
    }

    /// 403 `role_not_grantable`: the caller may not grant this role.
    #[must_use]
    pub fn role_not_grantable(role: &Role) -> Self {
        let detail = format!(
            "you may not grant the role `{role}`: leave it out, or ask an operator to grant it"
        );
        let fault = Fault::new(StatusCode::FORBIDDEN, detail);
        Self::of(Code::RoleNotGrantable, fault)
    }

    /// 403 `email_not_verified`: the password is right, and no session begins.
    #[must_use]
    pub fn email_not_verified() -> Self {
        let detail =
            "verify your e-mail address first, with the code in the mail that was sent to it";
        Self::new(Code::EmailNotVerified, StatusCode::FORBIDDEN, detail)
    }

    /// 403 `registration_closed`.
    #[must_use]
    pub fn registration_closed() -> Self {
        let detail = "registration is closed";
        Self::new(Code::RegistrationClosed, StatusCode::FORBIDDEN, detail)
    }

    /// 404: there is no such thing, or this client may not know of it.
    #[must_use]
    pub fn not_found() -> Self {
        let detail = "not found";
        Self::new(Code::NotFound, StatusCode::NOT_FOUND, detail)
    }

    /// 409 `username_taken`.
    #[must_use]
    pub fn username_taken() -> Self {
        let detail = "another account has this username";
        Self::new(Code::UsernameTaken, StatusCode::CONFLICT, detail)
    }

    /// 409 `email_taken`.
    #[must_use]
    pub fn email_taken() -> Self {
        let detail = "another account has this e-mail address";
        Self::new(Code::EmailTaken, StatusCode::CONFLICT, detail)
    }

    /// 409 `last_admin`: no active administrator would be left.
    #[must_use]
    pub fn last_admin() -> Self {
        let detail = "this is the last active administrator: promote another user first";
        Self::new(Code::LastAdmin, StatusCode::CONFLICT, detail)
    }

    /// 400 `invalid_code`, whether it is malformed, unknown, used or expired.
    #[must_use]
    pub fn invalid_code() -> Self {
        let detail = "the code is invalid, used or expired, or belongs to another account";
        Self::new(Code::InvalidRecovery, StatusCode::BAD_REQUEST, detail)
    }

    /// 429 `too_many_requests`, with `Retry-After`.
    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let fault = Fault::too_many_requests(retry_after);
        Self::of(Code::TooManyRequests, fault)
    }

    /// 500 `internal`, for an error that a retry cannot fix.
    #[must_use]
    pub fn broken(error: impl Error + Send + Sync + 'static) -> Self {
        Self::of(Code::Internal, Fault::broken(error))
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.fault.status
    }

    /// Returns the stable code, such as `username_taken`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    fn new(code: Code, status: StatusCode, detail: &'static str) -> Self {
        Self::of(code, Fault::new(status, detail))
    }

    fn of(code: Code, fault: Fault) -> Self {
        Self {
            code,
            fault: Box::new(fault),
            errors: Vec::new(),
            suggestions: Vec::new(),
        }
    }
}

/// 503 `unavailable`, with `Retry-After`, if the same request may succeed a moment
/// later; 500 `internal` if an operator must act.
impl<F: Failure> From<F> for Problem {
    fn from(failure: F) -> Self {
        let fault = Fault::from(failure);
        let code = if fault.is_transient() {
            Code::Unavailable
        } else {
            Code::Internal
        };
        Self::of(code, fault)
    }
}
