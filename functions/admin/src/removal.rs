//! `DELETE /admin/users/{id}`: deletes a user as `DELETE /me` does, and finishes a deletion
//! that was interrupted.

use gatehouse_edge::{AuditEvent, Problem, Response, response};
use gatehouse_store::Deleted;

use crate::app::Call;

/// Responds to `DELETE /admin/users/{id}`.
pub(crate) async fn remove(call: &Call<'_>) -> Result<Response, Problem> {
    let target = call.target()?;
    let app = call.app;
    let (user, deleted) = app.accounts.remove(&target, call.now).await?;
    match deleted {
        Deleted::LastAdmin => return Err(Problem::last_admin()),
        Deleted::Done => call.record(
            &target,
            AuditEvent::UserDeleted,
            Some("by_an_administrator"),
        ),
        // Already deleted; an interrupted deletion may have left something behind.
        Deleted::Refused => {}
    }
    let who = (&target, user.as_ref());
    let left = app.accounts.finish_deletion(&app.attempts, who, call.now);
    let left = left.await?;
    match deleted {
        Deleted::Refused if left == 0 => Err(Problem::not_found()),
        Deleted::Refused => {
            call.record(&target, AuditEvent::UserDeleted, Some("finished"));
            Ok(response::no_content())
        }
        Deleted::Done | Deleted::LastAdmin => Ok(response::no_content()),
    }
}
