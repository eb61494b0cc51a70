//! Why a login does not succeed.

use std::time::Duration;

use gatehouse_auth::guessing::Counted;
use gatehouse_auth::password::HashError;
use gatehouse_auth::random::RandomError;
use gatehouse_auth::refresh::RefreshTokenError;
use gatehouse_auth::token::SignError;
use gatehouse_edge::Problem;
use gatehouse_store::{KeysError, StoreError};

/// Why a login does not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("the request cannot be read")]
    Request(Problem),
    #[error("the scope is none, or more than there is")]
    InvalidScope,
    #[error("the credentials are not good")]
    Refused(Refusal),
    #[error("there were too many attempts")]
    Throttled {
        counted: Counted,
        retry_after: Duration,
    },
    #[error("the keys could not be read")]
    Keys(#[from] KeysError),
    #[error("a table could not be read or written")]
    Store(#[from] StoreError),
    #[error("the password could not be hashed")]
    Hash(#[from] HashError),
    #[error("the access token could not be signed")]
    Sign(#[from] SignError),
    #[error("the refresh token could not be made")]
    Mint(#[from] RefreshTokenError),
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// What the log says about credentials that are not good; the client never learns it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    UnknownUser,
    WrongPassword,
    Disabled,
    /// The account has no password yet.
    NoPassword,
    /// There is no text: no account has an empty password.
    EmptyPassword,
}

impl Refusal {
    /// Names the reason, as the log does.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::NoPassword => "no_password",
            Self::EmptyPassword => "empty_password",
        }
    }
}

/// What the client reads.
impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Request(problem) => problem,
            LoginError::InvalidScope => Self::invalid_scope(),
            LoginError::Refused(_) => Self::invalid_credentials(),
            LoginError::Throttled { retry_after, .. } => Self::too_many_requests(retry_after),
            LoginError::Keys(error) => Self::failed(&error),
            LoginError::Store(error) => Self::failed(&error),
            LoginError::Hash(error) => Self::failed(&error),
            LoginError::Sign(error) => Self::broken(&error),
            LoginError::Mint(error) => Self::broken(&error),
            LoginError::Random(error) => Self::broken(&error),
        }
    }
}

impl From<Problem> for LoginError {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
    }
}
