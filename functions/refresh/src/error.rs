//! Why a refresh or a revocation does not succeed.

use gatehouse_auth::random::RandomError;
use gatehouse_auth::refresh::RefreshTokenError;
use gatehouse_auth::token::SignError;
use gatehouse_edge::OauthError;
use gatehouse_store::{KeysError, StoreError};

/// Why a refresh or a revocation does not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    #[error("the request cannot be read")]
    Request(OauthError),
    #[error("the grant type is another")]
    UnsupportedGrantType,
    #[error("the scope is none, or more than the session has")]
    InvalidScope,
    #[error("the refresh token is not good")]
    InvalidGrant,
    #[error("the session names a key that can be none")]
    OddSession,
    #[error("the keys could not be read")]
    Keys(#[from] KeysError),
    #[error("a table could not be read or written")]
    Store(#[from] StoreError),
    #[error("the access token could not be signed")]
    Sign(#[from] SignError),
    #[error("the refresh token could not be made")]
    Mint(#[from] RefreshTokenError),
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl RefreshError {
    /// Turns the reason into what the client reads.
    pub(crate) fn into_oauth_error(self) -> OauthError {
        match self {
            Self::Request(error) => error,
            Self::UnsupportedGrantType => OauthError::unsupported_grant_type(),
            Self::InvalidScope => OauthError::invalid_scope(),
            Self::InvalidGrant => OauthError::invalid_grant(),
            Self::OddSession => OauthError::broken(&self),
            Self::Keys(error) => OauthError::failed(&error),
            Self::Store(error) => OauthError::failed(&error),
            Self::Sign(error) => OauthError::broken(&error),
            Self::Mint(error) => OauthError::broken(&error),
            Self::Random(error) => OauthError::broken(&error),
        }
    }
}

impl From<OauthError> for RefreshError {
    fn from(error: OauthError) -> Self {
        Self::Request(error)
    }
}
