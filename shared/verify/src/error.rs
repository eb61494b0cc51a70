//! Why a token is not accepted, and why there are no keys to tell.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::json::JsonError;
use gatehouse_auth::key::{HeldBack, KeyError};
use gatehouse_auth::token::TokenError;

/// Why a token is not let in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The token is not good: 401. The text is for the log, not for the caller.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There are no keys to tell by: 503.
    #[error(transparent)]
    Keys(#[from] RemoteKeysError),
}

/// Why there are no keys, or none that are young enough.
#[derive(Debug, thiserror::Error)]
pub enum RemoteKeysError {
    /// The last attempt to fetch the keys is too recent for another.
    #[error("the last attempt to fetch the keys is too recent")]
    HeldBack,
    /// The issuer returned no valid keys.
    #[error("the issuer's keys could not be fetched")]
    Fetch(#[from] JwkSetError),
}

impl From<HeldBack> for RemoteKeysError {
    fn from(_: HeldBack) -> Self {
        Self::HeldBack
    }
}

/// What came instead of keys.
#[derive(Debug, thiserror::Error)]
pub enum JwkSetError {
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

impl Failure for RemoteKeysError {
    fn is_transient(&self) -> bool {
        match self {
            Self::HeldBack => true,
            Self::Fetch(error) => match error {
                JwkSetError::Http(error) => error.is_transient(),
                JwkSetError::Json(_) | JwkSetError::Keys(_) => false,
            },
        }
    }
}

/// Why a verifier cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The keys' address is no https URL, or plain http to another machine.
    #[error("the issuer and the keys' address must be https URLs without a fragment")]
    Address,
    /// Issuer or audience is empty.
    #[error("the issuer and the audience must not be empty")]
    Empty,
    /// The age is zero or longer than stale keys may be used for.
    #[error("the keys' age must be 1 second to 1 hour")]
    MaxAge,
    /// This machine's certificate authorities cannot be read.
    #[error("this machine trusts no certificate authority")]
    Authorities(#[source] std::io::Error),
}
