//! A refresh token as a client presents it, authenticated before any table is read.

use std::sync::Arc;

use gatehouse_auth::key::KeyRing;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::time::Timestamp;

use crate::app::App;
use crate::error::RefreshError;

/// An authenticated refresh token, and the ring that has its key.
pub(crate) struct Presented {
    pub(crate) token: RefreshToken,
    pub(crate) ring: Arc<KeyRing>,
}

/// Authenticates a refresh token. A forged one costs no read of a table.
///
/// # Errors
/// [`RefreshError::InvalidGrant`] if it is not one of ours; [`RefreshError::Other`] while
/// it is unknown whether its key is.
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
