//! `POST /revoke`: revokes the session of a refresh token, or the `jti` of an access token
//! (RFC 7009 section 2).

use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{AuditEvent, RefreshDelivery, Request, Response, response};
use http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::app::App;
use crate::error::RefreshError;
use crate::presented::authenticate;
use crate::rotate::end;
use crate::sent::SentToken;

const REASON: &str = "revoked_by_its_holder";

/// Responds to `POST /revoke`, with 200 for an invalid token too (section 2.2). The body
/// has no meaning; it is JSON because clients parse it. A browser deletes its cookie.
///
/// # Errors
/// If the request is invalid or the store fails.
pub(crate) async fn revoke(app: &App, request: &Request) -> Result<Response, RefreshError> {
    let now = app.clock.now();
    // The hint is ignored, as section 2.1 allows: a token shows what it is.
    let (sent, ()) = SentToken::read(app, request, "token", |_| ())?;
    let revoked = match (revoke_refresh(app, request, &sent, now).await, sent.place) {
        (Err(RefreshError::InvalidGrant), RefreshDelivery::Body) => {
            revoke_access(app, request, sent.text.expose_secret(), now).await
        }
        (Err(RefreshError::InvalidGrant), RefreshDelivery::Cookie) => Ok(()),
        (revoked, _) => revoked,
    };
    revoked?;
    let response = response::json(StatusCode::OK, &json!({}));
    Ok(match sent.place {
        RefreshDelivery::Body => response,
        RefreshDelivery::Cookie => response::without_refresh_cookie(response),
    })
}

async fn revoke_refresh(
    app: &App,
    request: &Request,
    sent: &SentToken,
    now: Timestamp,
) -> Result<(), RefreshError> {
    let presented = authenticate(app, sent.text.expose_secret(), now).await?;
    sent.check_account(&presented.token)?;
    let (sid, sub) = (presented.token.sid(), presented.token.sub());
    end(app, sid, sub, now, REASON).await?;
    let mut audit = request.audit();
    audit.sub = Some(sub);
    audit.sid = Some(sid);
    audit.reason = Some(REASON);
    audit.record(AuditEvent::SessionRevoked);
    Ok(())
}

async fn revoke_access(
    app: &App,
    request: &Request,
    text: &str,
    now: Timestamp,
) -> Result<(), RefreshError> {
    let Ok(claims) = app.keys.verify(&app.verifier, text, now).await? else {
        return Ok(());
    };
    app.accounts
        .revocations
        .revoke_jti(&claims.jti, now, REASON)
        .await?;
    let mut audit = request.audit();
    audit.sub = Some(&claims.sub);
    audit.sid = Some(&claims.sid);
    audit.reason = Some("access_token_revoked");
    audit.record(AuditEvent::SessionRevoked);
    Ok(())
}
