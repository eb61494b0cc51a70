//! The end of an account, by who runs the service.

use anyhow::{Context as _, bail};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::Deleted;
use serde_json::json;

use super::tables::Tables;
use crate::output::Output;

/// Deletes an account with all that is held about its person, and what an
/// interrupted deletion has left of one.
pub(super) async fn account(
    tables: &Tables,
    sub: &SubjectId,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let (user, deleted) = tables.accounts.remove(sub, now).await?;
    let digests = user
        .as_ref()
        .map(User::identifier_digests)
        .unwrap_or_default();
    if deleted == Deleted::LastAdmin {
        bail!("that is the last administrator who can log in: promote somebody else first");
    }
    let left = tables
        .accounts
        .delete_traces(&tables.attempts, sub, digests);
    let sessions = left.await.with_context(|| {
        format!(
            "the account is deleted_in_the_meantime, but not all of its sessions: go on with `users delete --id={sub}`"
        )
    })?;
    let text = match &user {
        Some(user) => format!(
            "{} is deleted; sessions that went along: {sessions}.\n",
            user.username
        ),
        None if sessions == 0 => bail!("nobody has the id {sub}"),
        None => format!("What was left of {sub} is deleted; sessions: {sessions}.\n"),
    };
    Ok(Output::new(
        text,
        json!({"deleted": sub, "sessions": sessions}),
    ))
}
