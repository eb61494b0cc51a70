//! The access token of a request, on a route that has no authorizer because a password will
//! do as well. It is verified as the authorizer verifies it, with revocations.

use gatehouse_auth::authorization::{CredentialError, bearer_token};
use gatehouse_auth::claims::Claims;
use gatehouse_auth::scope::PROFILE;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::SignedIds;
use gatehouse_edge::{AuditEvent, Problem, Request};
use http::header::AUTHORIZATION;

use crate::app::App;

/// Returns the token of a request that has an `Authorization` header. It is not verified.
///
/// # Errors
/// 401 unless the header is one bearer token.
pub(crate) fn presented(request: &Request) -> Result<Option<&str>, Problem> {
    match bearer_token(request.http().headers().get_all(AUTHORIZATION)) {
        Ok(token) => Ok(Some(token)),
        Err(CredentialError::Missing) => Ok(None),
        Err(error) => {
            deny(request, error.reason(), &SignedIds::default());
            Err(Problem::invalid_token())
        }
    }
}

/// Verifies a token, and that it may read and change the user's profile. Whether its user
/// still exists is for the caller to check: `ver` is the version to compare.
///
/// # Errors
/// 401 if the token is not valid or revoked, 403 if it lacks the scope `profile`.
pub(crate) async fn verify(
    app: &App,
    request: &Request,
    token: &str,
    now: Timestamp,
) -> Result<Claims, Problem> {
    let claims = match app.keys.verify(&app.verifier, token, now).await? {
        Ok(claims) => claims,
        Err(error) => {
            let ids = app.keys.ids_of_rejected(token, &error, now).await;
            deny(request, error.reason(), &ids);
            return Err(Problem::invalid_token());
        }
    };
    let (jti, sid) = (&claims.jti, &claims.sid);
    let revocations = &app.accounts.revocations;
    let revoked = revocations.check(jti, sid, &claims.sub, claims.ver).await?;
    if revoked.is_some() {
        deny(request, "token_revoked", &SignedIds::from(&claims));
        return Err(Problem::invalid_token());
    }
    if !claims.scope.contains(PROFILE) {
        deny(request, "missing_scope", &SignedIds::from(&claims));
        return Err(Problem::missing_scope(PROFILE));
    }
    Ok(claims)
}

/// Records that an access token was refused.
pub(crate) fn deny(request: &Request, reason: &str, ids: &SignedIds) {
    let mut audit = request.audit();
    audit.reason = Some(reason);
    audit.sub = ids.sub.as_ref();
    audit.sid = ids.sid.as_ref();
    audit.jti = ids.jti.as_ref();
    audit.record(AuditEvent::AuthorizationDenied);
}
