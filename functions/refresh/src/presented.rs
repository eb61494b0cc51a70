//! A refresh token as somebody presents it, authenticated before any read.

use std::sync::Arc;

use gatehouse_auth::key::KeyRing;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::time::Timestamp;

use crate::app::App;
use crate::error::RefreshError;

/// An authenticated refresh token, and the ring that knows its key.
pub(crate) struct Presented {
    pub(crate) token: RefreshToken,
    pub(crate) ring: Arc<KeyRing>,
}

/// Authenticates a refresh token; a forged one costs no read of a table.
///
/// # Errors
/// [`RefreshError::InvalidGrant`] when it is none of ours, [`RefreshError::Keys`]
/// while it cannot be told whether its key is.
pub(crate) async fn authenticate(
    app: &App,
    text: &str,
    now: Timestamp,
) -> Result<Presented, RefreshError> {
    let unverified = RefreshToken::parse(text).map_err(|_| RefreshError::InvalidGrant)?;
    let ring = app
        .ring
        .with_mac(&unverified.mac_kid(), now)
        .await?
        .ok_or(RefreshError::InvalidGrant)?;
    let key = ring
        .mac(&unverified.mac_kid())
        .ok_or(RefreshError::InvalidGrant)?;
    let token = unverified
        .verify(key)
        .map_err(|_| RefreshError::InvalidGrant)?;
    Ok(Presented { token, ring })
}
