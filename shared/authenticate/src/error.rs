//! Why nobody is authenticated.

use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::guessing::Counted;
use gatehouse_edge::{AuditEvent, Problem};

/// Why nobody is authenticated.
#[derive(Debug)]
pub enum AuthenticationError {
    /// The credentials are invalid, or the account cannot log in.
    Refused(Refusal),
    /// There were too many attempts. The password may even be right.
    Throttled {
        /// The counter that refuses.
        counted: Counted,
        /// How long it will.
        retry_after: Duration,
    },
    /// Something failed on our side.
    Failed(Problem),
}

/// Why credentials were refused, for the log; the client never learns it.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// No account has the name.
    UnknownUser,
    /// The password is wrong.
    WrongPassword,
    /// The account is disabled.
    Disabled,
    /// The account has no password yet.
    NoPassword,
    /// The stored hash is malformed, or costs more than a login may.
    UnusableHash,
}

impl Refusal {
    /// Returns the word that the log uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::NoPassword => "no_password",
            Self::UnusableHash => "unusable_hash",
        }
    }
}

impl AuthenticationError {
    /// Returns the audit event and its reason, unless it failed on our side.
    #[must_use]
    pub fn audit_event(&self) -> Option<(AuditEvent, &'static str)> {
        match self {
            Self::Refused(refusal) => Some((AuditEvent::LoginFailed, refusal.name())),
            Self::Throttled { counted, .. } => Some((AuditEvent::LoginThrottled, counted.name())),
            Self::Failed(_) => None,
        }
    }
}

/// Maps the reason to what the client reads.
impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Refused(_) => Self::invalid_credentials(),
            AuthenticationError::Throttled { retry_after, .. } => {
                Self::too_many_requests(retry_after)
            }
            AuthenticationError::Failed(problem) => problem,
        }
    }
}

impl<F: Failure> From<F> for AuthenticationError {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}
