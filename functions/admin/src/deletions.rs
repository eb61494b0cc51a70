//! What the schedule does: it finishes deletions that were interrupted.

use std::time::Duration;

use gatehouse_edge::{Audit, AuditEvent};
use gatehouse_store::StoreError;

use crate::app::App;

/// A younger deletion is still under way in another process.
const LEAST_AGE: Duration = Duration::from_mins(1);

/// Deletes what interrupted deletions left behind. One that fails does not stop the others.
///
/// # Errors
/// [`StoreError`] of the last one that failed; the next run tries it again.
pub async fn finish_deletions(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut failed = None;
    for deletion in app.accounts.pending_deletions().await? {
        if now.since(deletion.at) < LEAST_AGE {
            continue;
        }
        let (sub, digests) = (&deletion.sub, deletion.digests);
        match app
            .accounts
            .delete_traces(&app.attempts, sub, digests)
            .await
        {
            Ok(_) => Audit {
                sub: Some(sub),
                reason: Some("finished"),
                ..Audit::default()
            }
            .record(AuditEvent::UserDeleted),
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::warn!(%sub, error = cause, "a deletion could not be finished");
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}
