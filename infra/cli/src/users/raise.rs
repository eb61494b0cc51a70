//! `gatehouse users raise`: what has to follow a restored table of users.

use std::fmt::Write as _;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::telemetry;
use gatehouse_store::{Raised, StoreError};
use serde_json::json;

use super::tables::Tables;
use crate::output::{Output, Status};
use crate::progress;

/// The results of a run.
#[derive(Default)]
struct Raising {
    raised: usize,
    /// Users who had been deleted after the backup.
    deleted: Vec<SubjectId>,
    /// What could not be raised, and why.
    failed: Vec<String>,
}

/// Raises the versions of one user.
pub(super) async fn one(tables: &Tables, sub: SubjectId, now: Timestamp) -> anyhow::Result<Output> {
    let mut raising = Raising::default();
    raising.raise(tables, sub, now).await;
    Ok(raising.output())
}

/// Raises the versions of all users. One who fails does not stop the others.
pub(super) async fn all(tables: &Tables, now: Timestamp) -> anyhow::Result<Output> {
    let mut raising = Raising::default();
    let mut start = None;
    loop {
        let page = tables.accounts.users.export(start.as_deref()).await?;
        for user in page.users {
            match user {
                Ok(user) => raising.raise(tables, user.sub, now).await,
                Err(error) => raising.failed.push(telemetry::chain(&error)),
            }
            progress::say(format!("Raising users: {}", raising.raised));
        }
        start = page.next;
        if start.is_none() {
            return Ok(raising.output());
        }
    }
}

impl Raising {
    async fn raise(&mut self, tables: &Tables, sub: SubjectId, now: Timestamp) {
        match raise(tables, &sub, now).await {
            Ok(Raised::Done) => self.raised += 1,
            Ok(Raised::Deleted(_)) => self.deleted.push(sub),
            // Deleted in the meantime.
            Ok(Raised::NotFound) => {}
            Ok(Raised::LastAdmin) => self.failed.push(format!(
                "{sub} was deleted, but is now the last administrator: promote another user, then delete this one"
            )),
            Err(error) => self.failed.push(format!("{sub}: {}", telemetry::chain(&error))),
        }
    }

    fn output(&self) -> Output {
        let mut text = String::new();
        // Writing to a string cannot fail.
        for sub in &self.deleted {
            let _ = writeln!(text, "{sub} had been deleted, and is deleted again");
        }
        for failed in &self.failed {
            let _ = writeln!(text, "not raised: {failed}");
        }
        let (deleted, failed) = (self.deleted.len(), self.failed.len());
        let _ = writeln!(
            text,
            "raised: {}, deleted again: {deleted}, not raised: {failed}",
            self.raised
        );
        let json = json!({
            "raised": self.raised,
            "deleted": self.deleted,
            "not_raised": self.failed,
        });
        let status = if self.failed.is_empty() {
            Status::Success
        } else {
            Status::Incomplete
        };
        Output { text, json, status }
    }
}

async fn raise(tables: &Tables, sub: &SubjectId, now: Timestamp) -> Result<Raised, StoreError> {
    let raised = tables.accounts.raise(sub, now).await?;
    if let Raised::Deleted(user) = &raised {
        let who = (sub, Some(&**user));
        let traces = tables.accounts.finish_deletion(&tables.attempts, who, now);
        traces.await?;
    }
    Ok(raised)
}

#[cfg(test)]
mod tests;
