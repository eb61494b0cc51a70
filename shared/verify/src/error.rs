//! Why a token is not accepted, and why there are no keys to tell.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::json::JsonError;
use gatehouse_auth::key::KeyError;
use gatehouse_auth::token::TokenError;

/// Why a token is not let in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The token is not good: 401. The text is for the log, not for the caller.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There are no keys to tell by: 503.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Why there are no keys, or none that are young enough.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The last try is too recent for another.
    #[error("the keys were asked for a moment ago")]
    HeldBack,
    /// The issuer gave no keys.
    #[error("the issuer's keys could not be fetched")]
    Fetch(#[source] FetchError),
}

/// What came instead of keys.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or one that broke.
    #[error("no answer came")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The whole answer was not there in time.
    #[error("the answer did not come in time")]
    Slow,
    /// Another status than 200. Redirects are not followed: who can make one
    /// would choose the keys.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// A body that no set of keys needs.
    #[error("the answer is too long")]
    TooLong,
    /// A body that is no strict JSON.
    #[error("the answer is no strict JSON")]
    Json(#[source] JsonError),
    /// JSON that is no set of public keys of ours.
    #[error("the answer is no set of keys")]
    Keys(#[source] KeyError),
}

impl Failure for KeysError {
    fn is_transient(&self) -> bool {
        match self {
            Self::HeldBack => true,
            Self::Fetch(error) => match error {
                FetchError::Connection(_) | FetchError::Slow => true,
                FetchError::Status(status) => *status == 429 || *status >= 500,
                FetchError::TooLong | FetchError::Json(_) | FetchError::Keys(_) => false,
            },
        }
    }
}
