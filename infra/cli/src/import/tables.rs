//! The tables that an import writes to, with retries for long runs.

use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::{Accounts, Imported, Revocations, Sessions, StoreError, Users};
use tokio::time::{Duration, sleep};

use crate::target::Target;

/// The tables of one stack.
pub(super) struct ImportTables {
    pub(super) accounts: Accounts,
    /// Identifies the stack; names of tables are not unique.
    pub(super) stack: String,
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
        })
    }

    /// Imports a user, completely or not at all.
    ///
    /// # Errors
    /// If the result is still unknown after several retries. The user may have been written;
    /// the next run finds out.
    pub(super) async fn import(&self, user: &User, now: Timestamp) -> anyhow::Result<Imported> {
        let mut attempts = 0_u32;
        let result = with_retries(async || {
            attempts += 1;
            self.accounts.import(user, now).await
        })
        .await?;
        // If so, an earlier attempt succeeded, but its response was lost.
        let lost = attempts > 1 && result == Imported::Already;
        Ok(if lost { Imported::Written } else { result })
    }

    /// Returns what importing this user would do.
    pub(super) async fn foresee(&self, user: &User, now: Timestamp) -> anyhow::Result<Imported> {
        Ok(with_retries(async || self.accounts.preview_import(user, now).await).await?)
    }

    /// Returns whether an account exists.
    pub(super) async fn has(&self, sub: &SubjectId) -> anyhow::Result<bool> {
        match with_retries(async || self.accounts.users.get(sub).await).await {
            Ok(user) => Ok(user.is_some()),
            Err(StoreError::Corrupt { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

/// Retries if a table throttles, in addition to the SDK's. Together they take half a minute.
const MAX_RETRIES: u32 = 7;

const FIRST_DELAY: Duration = Duration::from_millis(250);

async fn with_retries<T>(
    mut call: impl AsyncFnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut attempt = 0;
    loop {
        match call().await {
            Err(error) if error.is_transient() && attempt < MAX_RETRIES => {
                sleep(FIRST_DELAY * 2_u32.pow(attempt)).await;
                attempt += 1;
            }
            done => return done,
        }
    }
}
