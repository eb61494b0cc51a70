//! Deleting a user from the command line.

use anyhow::Context as _;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::Deleted;
use serde_json::json;

use super::tables::Tables;
use crate::error::ErrorCode;
use crate::output::Output;

/// Deletes an account and everything stored about its user, including anything that an
/// interrupted deletion left behind.
pub(super) async fn account(
    tables: &Tables,
    sub: &SubjectId,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let (user, deleted) = tables.accounts.remove(sub, now).await?;
    if deleted == Deleted::LastAdmin {
        return Err(ErrorCode::Conflict
            .error("this is the last administrator who can log in: promote another user first"));
    }
    let who = (sub, user.as_ref());
    let left = tables.accounts.finish_deletion(&tables.attempts, who, now);
    let sessions = left.await.with_context(|| {
        format!(
            "the account is deleted, but some of its sessions are not: finish with `users delete --id={sub}`"
        )
    })?;
    let text = match &user {
        Some(user) => format!(
            "Deleted {} and their sessions ({sessions}).\n",
            user.username
        ),
        None if sessions == 0 => {
            return Err(ErrorCode::NotFound.error(format!("no user has the id {sub}")));
        }
        None => format!("Deleted what was left of {sub}, and sessions ({sessions}).\n"),
    };
    Ok(Output::new(
        text,
        json!({"deleted": sub, "sessions": sessions}),
    ))
}
