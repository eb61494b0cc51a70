//! The tables as this command uses them, and a person found by name.

use anyhow::{Context as _, anyhow};
use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::user::User;
use gatehouse_store::{Accounts, LoginAttempts, Revocations, Sessions, Users};

use crate::target::Target;

/// The tables that hold something about people.
pub(super) struct Tables {
    pub(super) accounts: Accounts,
    pub(super) attempts: LoginAttempts,
}

impl Tables {
    pub(super) fn open(target: &Target) -> anyhow::Result<Self> {
        let client = target.tables();
        let attempts = target.table("LOGIN_ATTEMPTS_TABLE")?;
        Ok(Self {
            accounts: Accounts::new(
                Users::new(client.clone(), target.table("USERS_TABLE")?),
                Sessions::new(client.clone(), target.table("SESSIONS_TABLE")?),
                Revocations::new(client.clone(), target.table("REVOCATIONS_TABLE")?),
            ),
            attempts: LoginAttempts::new(client, attempts),
        })
    }

    /// Finds a person as a login does: through the item of the name, and none
    /// that is only like it.
    pub(super) async fn find(&self, name: &str) -> anyhow::Result<User> {
        let nobody = || format!("nobody is called {name:?} here");
        let sub = self.subject_of(name).await?.with_context(nobody)?;
        self.accounts.users.get(&sub).await?.with_context(nobody)
    }

    /// Finds the person who had this id in the system they were imported from.
    pub(super) async fn find_external(&self, id: &ExternalId) -> anyhow::Result<User> {
        let nobody = || format!("nobody was imported with the id {id}");
        self.accounts
            .users
            .find(&id.name_key())
            .await?
            .with_context(nobody)
    }

    /// Finds whose name it is.
    pub(super) async fn subject_of(&self, name: &str) -> anyhow::Result<Option<SubjectId>> {
        let key = LoginIdentifier::parse(name).name_key();
        let key = key.with_context(|| format!("nobody can be called {name:?}"))?;
        Ok(self.accounts.users.subject_of(&key).await?)
    }
}

/// The end of a command whose person is not there any more.
pub(super) fn deleted_in_the_meantime(name: &str) -> anyhow::Error {
    anyhow!("{name} was deleted in the meantime: nothing was changed")
}
