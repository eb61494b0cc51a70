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
    /// No body came, or one that no set of keys needs.
    #[error(transparent)]
    Http(#[from] gatehouse_fetch::FetchError),
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
                FetchError::Http(error) => error.is_transient(),
                FetchError::Json(_) | FetchError::Keys(_) => false,
            },
        }
    }
}
