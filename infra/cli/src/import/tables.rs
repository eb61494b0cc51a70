//! The tables that an import writes to, with retries for long runs.

use std::cell::Cell;

use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{Accounts, ImportBatch, Revocations, Sessions, StoreError, Users};
use tokio::time::{Duration, sleep};

use super::batch::BatchResult;
use crate::target::Target;

/// The tables of one stack.
pub(super) struct ImportTables {
    pub(super) accounts: Accounts,
    /// Identifies the stack; names of tables are not unique.
    pub(super) stack: String,
    /// Whether a call was retried, since a table throttled or did not respond.
    retried: Cell<bool>,
}

impl ImportTables {
    pub(super) fn open(target: &Target) -> anyhow::Result<Self> {
        let client = target.tables();
        Ok(Self {
            accounts: Accounts::new(
                Users::new(client.clone(), target.table("USERS_TABLE")?),
                Sessions::new(client.clone(), target.table("SESSIONS_TABLE")?),
                Revocations::new(client, target.table("REVOCATIONS_TABLE")?),
            ),
            stack: target.identity(),
            retried: Cell::new(false),
        })
    }

    /// Imports users, each completely or not at all.
    ///
    /// # Errors
    /// If a result is still unknown after several retries. Users may have been written; the
    /// next run finds out.
    pub(super) async fn import(&self, mut batch: ImportBatch<'_>, now: Timestamp) -> BatchResult {
        let result = self.with_retries(async || self.accounts.import(&mut batch, now).await);
        let error = match result.await {
            Ok(imported) => return Ok(imported),
            Err(error) => error,
        };
        let left = batch.undecided();
        if error.is_transient() || left.len() < 2 {
            return Err((left.first().map_or(0, |(index, _)| *index), error));
        }
        // Perhaps the table rejects only one of them, or so many at once.
        let mut failed = None;
        for (index, user) in left {
            let mut alone = ImportBatch::of(user);
            let result = self.with_retries(async || self.accounts.import(&mut alone, now).await);
            match result.await {
                Ok(imported) => batch.decide(imported.into_iter().map(|one| (index, one))),
                Err(error) => {
                    failed.get_or_insert((index, error));
                }
            }
        }
        failed.map_or_else(|| Ok(batch.imported()), Err)
    }

    /// Returns what importing these users would do.
    pub(super) async fn foresee(&self, batch: ImportBatch<'_>, now: Timestamp) -> BatchResult {
        let call = async || self.accounts.preview_import(&batch, now).await;
        let previewed = self.with_retries(call).await;
        previewed.map_err(|error| (0, error))
    }

    /// Returns whether an account exists.
    pub(super) async fn has(&self, sub: &SubjectId) -> anyhow::Result<bool> {
        match self
            .with_retries(async || self.accounts.users.get(sub).await)
            .await
        {
            Ok(user) => Ok(user.is_some()),
            Err(StoreError::Corrupt { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether a call was retried since the last time that this was called.
    pub(super) fn take_retried(&self) -> bool {
        self.retried.replace(false)
    }

    async fn with_retries<T>(
        &self,
        mut call: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut attempt = 0;
        loop {
            match call().await {
                Err(error) if error.is_transient() && attempt < MAX_RETRIES => {
                    self.retried.set(true);
                    sleep(FIRST_DELAY * 2_u32.pow(attempt)).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }
}

/// Retries if a table throttles, in addition to the SDK's. Together they take half a minute.
const MAX_RETRIES: u32 = 7;

const FIRST_DELAY: Duration = Duration::from_millis(250);
