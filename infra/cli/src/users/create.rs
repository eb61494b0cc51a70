//! Creating a user from the command line, even if registration is closed.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::{Hasher, Password, WeakPassword, WeakReason};
use gatehouse_auth::random;
use gatehouse_auth::role::{Role, Roles};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_auth::username::Username;
use gatehouse_breaches::{NewPasswordError, PasswordRules};
use gatehouse_edge::config::{BreachSettings, Environment, HashSettings, RegistrationSettings};
use gatehouse_store::RegisterError;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::listing;
use super::tables::Tables;
use crate::error::ErrorCode;
use crate::output::Output;

/// A new user, complete except for the password.
pub(super) struct Newcomer {
    username: Username,
    email: Option<EmailAddress>,
    roles: Roles,
}

impl Newcomer {
    /// Validates the arguments, before the command asks for a password.
    pub(super) fn read(name: &str, email: Option<&str>, roles: &[Role]) -> anyhow::Result<Self> {
        let roles = if roles.is_empty() {
            Roles::of_new_user()
        } else {
            Roles::parse(roles.iter().map(Role::as_str))?
        };
        Ok(Self {
            username: username(name)?,
            email: email.map(self::email).transpose()?,
            roles,
        })
    }
}

/// Parses the username of an argument.
pub(super) fn username(typed: &str) -> anyhow::Result<Username> {
    Username::parse(typed).map_err(|error| {
        let invalid = format!("{typed:?} is not a valid username: {error}");
        ErrorCode::InvalidInput.error(invalid)
    })
}

/// Parses the e-mail address of an argument.
pub(super) fn email(typed: &str) -> anyhow::Result<EmailAddress> {
    EmailAddress::parse(typed).map_err(|error| {
        let invalid = format!("{typed:?} is not a valid e-mail address: {error}");
        ErrorCode::InvalidInput.error(invalid)
    })
}

/// Describes the requirements, for the prompt.
pub(super) fn rules(settings: &Environment) -> anyhow::Result<String> {
    let shortest = RegistrationSettings::from_environment(settings)?.password_min_length;
    Ok(format!(
        "The password must have at least {shortest} characters and be hard to guess."
    ))
}

/// Creates the account, with the service's password rules and hash parameters. The list
/// of stolen passwords is checked if the service checks it.
pub(super) async fn account(
    settings: &Environment,
    tables: &Tables,
    newcomer: Newcomer,
    password: &SecretString,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let hash = hash(settings, &newcomer, password).await?;
    let user = user(newcomer, hash, now)?;
    match tables.accounts.users.register(&user).await {
        Ok(()) => Ok(Output::new(
            format!(
                "Created {} with the roles {}.\n",
                user.username,
                listing::roles(&user.roles.to_string())
            ),
            json!({"created": true, "user": listing::json(&user)}),
        )),
        Err(RegisterError::UsernameTaken) => {
            let taken = format!("the username {} is already taken", user.username);
            Err(ErrorCode::Conflict.error(taken))
        }
        Err(RegisterError::EmailTaken) => {
            Err(ErrorCode::Conflict.error("the e-mail address is already taken"))
        }
        Err(RegisterError::Store(error)) => Err(error.into()),
    }
}

async fn hash(
    settings: &Environment,
    newcomer: &Newcomer,
    password: &SecretString,
) -> anyhow::Result<StoredHash> {
    let registration = RegistrationSettings::from_environment(settings)?;
    let breaches = BreachSettings::from_environment(settings)?;
    let rules = PasswordRules::new(
        registration.password_min_length,
        breaches.url.as_deref(),
        breaches.fails_open,
    )?;
    let password = Password::parse(password.expose_secret())?;
    let password = rules.check(password, &newcomer.username, newcomer.email.as_ref());
    let password = password.map_err(|weak| weak_password(&weak))?;
    let cost = HashSettings::from_environment(settings)?;
    let hasher = Hasher::with_cost(cost.memory_kib, cost.iterations, 1)?;
    password.hash(&hasher).await.map_err(|error| match error {
        NewPasswordError::Weak(weak) => weak_password(&weak),
        NewPasswordError::Unavailable(error) => error.into(),
        NewPasswordError::Hash(error) => error.into(),
        NewPasswordError::Random(error) => error.into(),
    })
}

fn weak_password(weak: &WeakPassword) -> anyhow::Error {
    let reasons = weak.reasons.iter().map(WeakReason::detail);
    let details: Vec<String> = reasons.chain(weak.suggestions.iter().cloned()).collect();
    ErrorCode::InvalidInput.error(format!("{weak}: {}", details.join(" ")))
}

pub(super) fn user(newcomer: Newcomer, hash: StoredHash, now: Timestamp) -> anyhow::Result<User> {
    Ok(User::new(
        SubjectId::from_bytes(random::bytes()?),
        &newcomer.username,
        newcomer.email.as_ref(),
        newcomer.roles,
        Some(hash),
        now,
    ))
}
