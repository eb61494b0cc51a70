//! Why a token is not accepted, why there are no keys, and why settings are invalid.

use gatehouse_auth::failure::Failure;
use gatehouse_auth::json::JsonError;
use gatehouse_auth::key::{HeldBack, KeyError};
use gatehouse_auth::token::TokenError;

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The token is not valid: 401. The text is for the log, not for the client.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There are no keys to verify it with: 503.
    #[error(transparent)]
    Keys(#[from] RemoteKeysError),
}

/// Why there are no keys, or only ones that are too old.
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

/// Why a response is not a JWK Set.
#[derive(Debug, thiserror::Error)]
pub enum JwkSetError {
    /// There was no response, or not a usable one.
    #[error(transparent)]
    Http(#[from] gatehouse_fetch::FetchError),
    /// The body is not strict JSON.
    #[error("the response is not strict JSON")]
    Json(#[source] JsonError),
    /// The JSON is not a set of supported public keys.
    #[error("the response is not a JWK set")]
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

/// Why a verifier cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL of the keys is not https (or http to this machine), or has a fragment.
    #[error("the URLs of the issuer and its keys must be https, without a fragment")]
    Address,
    /// The issuer or the audience is empty.
    #[error("the issuer and the audience must not be empty")]
    Empty,
    /// The maximum age is below a second or above an hour.
    #[error("the maximum age of the keys must be from 1 second to 1 hour")]
    MaxAge,
    /// This machine's certificate authorities cannot be read.
    #[error("this machine trusts no certificate authority")]
    Authorities(#[source] std::io::Error),
}
