//! Why a refresh or a revocation fails.

use gatehouse_auth::failure::Failure;
use gatehouse_edge::OauthError;

/// Why a refresh or a revocation fails.
#[derive(Debug)]
pub(crate) enum RefreshError {
    /// The refresh token is invalid, expired or revoked.
    InvalidGrant,
    /// The cookie's token belongs to a different user than the page expects.
    AnotherAccount,
    /// The request is invalid, or something failed on our side.
    Other(OauthError),
}

/// Maps the reason to what the client reads.
impl From<RefreshError> for OauthError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::InvalidGrant => Self::invalid_grant(),
            RefreshError::AnotherAccount => Self::another_account(),
            RefreshError::Other(error) => error,
        }
    }
}

impl<F: Failure> From<F> for RefreshError {
    fn from(failure: F) -> Self {
        Self::Other(failure.into())
    }
}
