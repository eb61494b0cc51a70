//! A refresh token as a client presents it, authenticated before any table is read.

use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::CheckedRing;

use crate::app::App;
use crate::error::RefreshError;

/// An authenticated refresh token, and the ring that has its key.
pub(crate) struct Presented {
    pub(crate) token: RefreshToken,
    pub(crate) ring: CheckedRing,
}

/// Authenticates a refresh token. A forged one costs a look at the floor at most, and
/// never a read of the secret: a ring that is not below the floor has every key that
/// another process may have used.
///
/// # Errors
/// [`RefreshError::InvalidGrant`] if it is not one of ours; [`RefreshError::Other`] if the
/// ring or its floor could not be read.
pub(crate) async fn authenticate(
    app: &App,
    text: &str,
    now: Timestamp,
) -> Result<Presented, RefreshError> {
    let unverified = RefreshToken::parse(text).map_err(|_| RefreshError::InvalidGrant)?;
    let ring = app
        .signer
        .ring_for_token(&unverified.mac_kid(), now)
        .await?;
    let key = ring
        .mac(&unverified.mac_kid())
        .ok_or(RefreshError::InvalidGrant)?;
    let token = unverified
        .verify(key)
        .map_err(|_| RefreshError::InvalidGrant)?;
    Ok(Presented { token, ring })
}
