//! Why a login fails.

use gatehouse_auth::failure::Failure;
use gatehouse_authenticate::AuthenticationError;
use gatehouse_edge::{AuditEvent, Problem};

/// Why a login fails.
#[derive(Debug)]
pub(crate) enum LoginError {
    /// The scope is invalid or exceeds what is allowed.
    InvalidScope,
    /// The password did not lead to an account.
    NotAuthenticated(AuthenticationError),
    /// The password is right, but an address has to be verified first.
    EmailNotVerified,
    /// The request is invalid, or something failed on our side.
    Other(Problem),
}

impl LoginError {
    /// Returns the audit event and its reason, unless it failed on our side.
    pub(crate) fn audit_event(&self) -> Option<(AuditEvent, &'static str)> {
        match self {
            Self::InvalidScope => Some((AuditEvent::LoginFailed, "invalid_scope")),
            Self::EmailNotVerified => Some((AuditEvent::LoginFailed, "email_not_verified")),
            Self::NotAuthenticated(error) => error.audit_event(),
            Self::Other(_) => None,
        }
    }
}

/// Maps the reason to what the client reads.
impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidScope => Self::invalid_scope(),
            LoginError::EmailNotVerified => Self::email_not_verified(),
            LoginError::NotAuthenticated(error) => error.into(),
            LoginError::Other(problem) => problem,
        }
    }
}

impl<F: Failure> From<F> for LoginError {
    fn from(failure: F) -> Self {
        Self::Other(failure.into())
    }
}
