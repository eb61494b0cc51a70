//! What `register` needs, created once at cold start.

use gatehouse_auth::password::Hasher;
use gatehouse_breaches::PasswordRules;
use gatehouse_edge::config::{
    BreachSettings, Environment, GuessSettings, HashSettings, OutboxSettings, RegistrationSettings,
    requires_verified_email,
};
use gatehouse_edge::{Clock, StartError, warm_up};
use gatehouse_store::{Budget, Connection, HttpClient, LoginAttempts, Outbox, Users};

/// What `register` needs.
pub struct App {
    pub(crate) users: Users,
    pub(crate) attempts: LoginAttempts,
    pub(crate) hasher: Hasher,
    pub(crate) rules: PasswordRules,
    pub(crate) open: bool,
    /// Where a mail to a new address is asked for; none if the service sends no mail.
    pub(crate) outbox: Option<Outbox>,
    /// Whether an account needs a verified address before its first login.
    pub(crate) requires_verified_email: bool,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the settings, opens the connection, and allocates the memory for hashes.
    ///
    /// # Errors
    /// If a setting is missing or invalid; the message names it.
    pub async fn start(environment: &Environment) -> Result<Self, StartError> {
        Self::within(environment, Clock::System, None).await
    }

    /// The same with a different clock, and with a different HTTP client for AWS, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn within(
        environment: &Environment,
        clock: Clock,
        http: Option<HttpClient>,
    ) -> Result<Self, StartError> {
        let registration = RegistrationSettings::from_environment(environment)?;
        let breaches = BreachSettings::from_environment(environment)?;
        let hashing = HashSettings::from_environment(environment)?;
        let guesses = GuessSettings::from_environment(environment)?;
        let outbox = OutboxSettings::from_environment(environment)?;
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let attempts = environment.table("LOGIN_ATTEMPTS_TABLE")?;
        let app = Self {
            attempts: LoginAttempts::new(connection.tables(), attempts)
                .with_address_attempts(guesses.address_attempts_per_hour),
            users: Users::new(connection.tables(), environment.table("USERS_TABLE")?),
            hasher: Hasher::with_cost(hashing.memory_kib, hashing.iterations, hashing.permits)?,
            rules: PasswordRules::new(
                registration.password_min_length,
                breaches.url.as_deref(),
                breaches.fails_open,
            )?,
            open: registration.open,
            outbox: outbox
                .map(|outbox| Outbox::new(connection.tables(), outbox.table, outbox.notices)),
            requires_verified_email: requires_verified_email(environment)?,
            clock,
        };
        warm_up(app.users.warm_up()).await;
        app.hasher.warm_up();
        Ok(app)
    }
}
