//! Why a login fails.

use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::guessing::Counted;
use gatehouse_edge::Problem;

/// Why a login fails.
#[derive(Debug)]
pub(crate) enum LoginError {
    /// The scope is invalid or exceeds what is allowed.
    InvalidScope,
    /// The credentials are invalid, or the account cannot log in.
    Refused(LoginRefusal),
    /// There were too many attempts. The password may even be right.
    Throttled {
        counted: Counted,
        retry_after: Duration,
    },
    /// The request is invalid, or something failed on our side.
    Other(Problem),
}

/// Why credentials were refused, for the log; the client never learns it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LoginRefusal {
    UnknownUser,
    WrongPassword,
    Disabled,
    /// The account has no password yet.
    NoPassword,
    /// The stored hash is malformed, or costs more than a login may.
    UnusableHash,
}

impl LoginRefusal {
    /// Returns the word that the log uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::NoPassword => "no_password",
            Self::UnusableHash => "unusable_hash",
        }
    }
}

/// Maps the reason to what the client reads.
impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidScope => Self::invalid_scope(),
            LoginError::Refused(_) => Self::invalid_credentials(),
            LoginError::Throttled { retry_after, .. } => Self::too_many_requests(retry_after),
            LoginError::Other(problem) => problem,
        }
    }
}

impl<F: Failure> From<F> for LoginError {
    fn from(failure: F) -> Self {
        Self::Other(failure.into())
    }
}
