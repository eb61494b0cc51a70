//! `DELETE /me`: deletes everything about a user, except the revocation of their tokens,
//! which expires by itself.

use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{AuditEvent, Principal, Problem, Request, Response, response};
use gatehouse_store::Deleted;

use crate::app::{App, record};

/// Responds to `DELETE /me`.
pub(crate) async fn delete(
    app: &App,
    request: &Request,
    now: Timestamp,
) -> Result<Response, Problem> {
    let principal = Principal::of(request, now)?;
    let password = request.json(|fields| fields.secret("password"))?;
    let confirmed = app.authenticator.confirm(request, &principal, &password);
    let user = confirmed.await?;
    let (user, deleted) = app.accounts.delete(user, now).await?;
    match deleted {
        Deleted::Done => {}
        Deleted::LastAdmin => return Err(Problem::last_admin()),
        // This token was revoked in the meantime.
        Deleted::Refused => return Err(Problem::invalid_token()),
    }
    let (event, reason) = (AuditEvent::UserDeleted, Some("by_its_owner"));
    record(request, Some(&user.sub), event, reason);
    let (attempts, who) = (&app.authenticator.attempts, (&user.sub, Some(&user)));
    let traces = app.accounts.finish_deletion(attempts, who, now);
    match traces.await {
        Ok(_) => Ok(response::no_content()),
        Err(error) => {
            tracing::warn!(sub = %user.sub, "parts of a deleted user remain: they expire, or an administrator's DELETE removes them");
            Err(error.into())
        }
    }
}
