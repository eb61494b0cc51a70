//! The session that a login replaces: the one whose refresh token is in the cookie.
//!
//! A login takes the browser over. If the session that it finds continued, nobody could log
//! out of it again: its token is overwritten.

use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{AuditEvent, Request};
use gatehouse_store::KeyStoreError;
use secrecy::ExposeSecret;

use crate::app::App;

/// Returns the refresh token in the cookie, if it is one of ours. Anything else, or more
/// than one, replaces nothing, and must not keep anyone from logging in.
///
/// # Errors
/// If the ring or its floor could not be read.
pub(crate) async fn replaced_token(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Option<RefreshToken>, KeyStoreError> {
    if !app.has_cookie {
        return Ok(None);
    }
    let Ok(Some(cookie)) = request.refresh_cookie() else {
        return Ok(None);
    };
    let Ok(unverified) = RefreshToken::parse(cookie.expose_secret()) else {
        return Ok(None);
    };
    let kid = unverified.mac_kid();
    let ring = app.signer.ring_for_token(&kid, now).await?;
    let key = ring.mac(&kid);
    Ok(key.and_then(|key| unverified.verify(key).ok()))
}

/// Records that the session has ended.
pub(crate) fn record_end(request: &Request, replaced: &RefreshToken) {
    let mut audit = request.audit();
    audit.sub = Some(replaced.sub());
    audit.sid = Some(replaced.sid());
    audit.reason = Some("replaced_by_login");
    audit.record(AuditEvent::SessionRevoked);
}
