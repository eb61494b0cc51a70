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

/// What the client reads.
impl From<RefreshError> for OauthError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Request(error) => error,
            RefreshError::UnsupportedGrantType => Self::unsupported_grant_type(),
            RefreshError::InvalidScope => Self::invalid_scope(),
            RefreshError::InvalidGrant => Self::invalid_grant(),
            RefreshError::OddSession => Self::broken(&error),
            RefreshError::Keys(error) => Self::failed(&error),
            RefreshError::Store(error) => Self::failed(&error),
            RefreshError::Sign(error) => Self::broken(&error),
            RefreshError::Mint(error) => Self::broken(&error),
            RefreshError::Random(error) => Self::broken(&error),
        }
    }
}

impl From<OauthError> for RefreshError {
    fn from(error: OauthError) -> Self {
        Self::Request(error)
    }
}
