//! What only the operator can do: make an administrator, grant a recovery code.
//!
//! The command does both in a deployment, through these very functions.

use std::panic::Location;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::random;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{User, UserChange};
use gatehouse_auth::username::Username;
use gatehouse_store::Changed;

use crate::canaries::{self, Kind};
use crate::clock::now;
use crate::person::Person;
use crate::service::Service;
use crate::tables::Tables;

impl Service {
    /// Registers somebody new, makes them an administrator, and logs them in.
    ///
    /// # Errors
    /// If any of it is refused.
    #[track_caller]
    pub fn administrator(&self, name: &str) -> impl Future<Output = anyhow::Result<Person>> {
        let at = Location::caller();
        async move {
            let person = self.registered(name).await.context(at.to_string())?;
            person.is_granted(self, &["admin", "user"]).await?;
            person.logs_in_again(self).await.context(at.to_string())
        }
    }
}

impl Person {
    /// Creates the account with its address as an import does: the account holds the address,
    /// and nobody has verified it.
    ///
    /// # Errors
    /// If the name or the address is invalid or taken.
    pub async fn is_imported(mut self, service: &Service) -> anyhow::Result<Self> {
        let email = self.email.as_deref().map(EmailAddress::parse).transpose()?;
        let hasher = Hasher::new(Argon2Params::default(), 1);
        let password = Password::parse(&self.password)?;
        canaries::register(Kind::Password, &self.password);
        let user = User::new(
            SubjectId::from_bytes(random::bytes()?),
            &Username::parse(&self.username)?,
            email.as_ref(),
            Roles::of_new_user(),
            Some(hasher.hash(password, random::bytes()?).await?),
            now()?,
        );
        Tables::of(service).users()?.register(&user).await?;
        self.id = user.sub.to_string();
        Ok(self)
    }

    /// Replaces the person's roles, which ends their access tokens.
    ///
    /// # Errors
    /// If there is no such user, or the roles were the same.
    pub async fn is_granted(&self, service: &Service, roles: &[&str]) -> anyhow::Result<()> {
        let accounts = Tables::of(service).accounts()?;
        let change = UserChange {
            roles: Some(Roles::parse(roles.iter().copied())?),
            ..UserChange::default()
        };
        let sub = SubjectId::parse(&self.id)?;
        let changed = accounts.change(&sub, &change, now()?).await?;
        ensure!(matches!(changed, Changed::Done { .. }), "{changed:?}");
        Ok(())
    }

    /// Grants a recovery now, and returns the code.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn recovery_code(&self, service: &Service) -> anyhow::Result<String> {
        self.recovery_code_of(service, Duration::ZERO).await
    }

    /// Grants a recovery as of `ago`, and returns the code.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn recovery_code_of(
        &self,
        service: &Service,
        ago: Duration,
    ) -> anyhow::Result<String> {
        let sub = SubjectId::parse(&self.id)?;
        let code = MailCode::mint(CodeKind::Recovery, &sub, random::bytes()?)?;
        let recovery = Recovery::grant(&code, now()?.minus(ago));
        let users = Tables::of(service).users()?;
        let granted = users.set_recovery(code.sub(), &recovery).await?;
        ensure!(granted, "there is no such user");
        canaries::register(Kind::Code, code.expose());
        Ok(code.expose().to_owned())
    }
}
