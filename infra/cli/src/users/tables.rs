//! The tables that the command works on, and how it finds a user in them.

use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::mail::Notices;
use gatehouse_auth::user::User;
use gatehouse_edge::config::OutboxSettings;
use gatehouse_store::{Accounts, LoginAttempts, Outbox, Revocations, Sessions, Users};

use crate::error::ErrorCode;
use crate::target::Target;

/// The tables that store data about users.
pub(super) struct Tables {
    pub(super) accounts: Accounts,
    pub(super) attempts: LoginAttempts,
}

impl Tables {
    pub(super) fn open(target: &Target) -> anyhow::Result<Self> {
        let client = target.tables();
        let attempts = target.table("LOGIN_ATTEMPTS_TABLE")?;
        let outbox = OutboxSettings::from_environment(target.settings())?.map(|outbox| {
            // Nobody knows whether a stack that does not run sends mail.
            let notices = if target.is_stopped() {
                Notices::none()
            } else {
                outbox.notices
            };
            Outbox::new(client.clone(), outbox.table, notices)
        });
        Ok(Self {
            accounts: Accounts::new(
                Users::new(client.clone(), target.table("USERS_TABLE")?),
                Sessions::new(client.clone(), target.table("SESSIONS_TABLE")?),
                Revocations::new(client.clone(), target.table("REVOCATIONS_TABLE")?),
            )
            .with_outbox(outbox),
            attempts: LoginAttempts::new(client, attempts),
        })
    }

    /// Finds a user in the same way as a login, by the exact item for the name; similar names do
    /// not match.
    pub(super) async fn find(&self, name: &str) -> anyhow::Result<User> {
        let missing = || ErrorCode::NotFound.error(format!("there is no user {name:?}"));
        let sub = self.subject_of(name).await?.ok_or_else(missing)?;
        self.accounts.users.get(&sub).await?.ok_or_else(missing)
    }

    /// Finds the user who had this id in the system they were imported from.
    pub(super) async fn find_external(&self, id: &ExternalId) -> anyhow::Result<User> {
        let found = self.accounts.users.find(&id.name_key()).await?;
        found.ok_or_else(|| {
            ErrorCode::NotFound.error(format!("no user was imported with the id {id}"))
        })
    }

    /// Returns the id of the user with this name, if there is one.
    pub(super) async fn subject_of(&self, name: &str) -> anyhow::Result<Option<SubjectId>> {
        let key = LoginIdentifier::parse(name).name_key();
        let key = key.ok_or_else(|| {
            let invalid = format!("{name:?} is not a valid username or e-mail address");
            ErrorCode::InvalidInput.error(invalid)
        })?;
        Ok(self.accounts.users.subject_of(&key).await?)
    }
}

/// The error if the user was deleted while the command was running.
pub(super) fn deleted_in_the_meantime(name: &str) -> anyhow::Error {
    ErrorCode::Conflict.error(format!(
        "{name} was deleted in the meantime: nothing was changed"
    ))
}
