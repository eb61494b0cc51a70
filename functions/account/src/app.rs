//! What `account` needs, created once at cold start.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::Hasher;
use gatehouse_authenticate::Authenticator;
use gatehouse_breaches::PasswordRules;
use gatehouse_edge::config::{
    BreachSettings, Environment, GuessSettings, HashSettings, OutboxSettings, RegistrationSettings,
};
use gatehouse_edge::{AuditEvent, Clock, Request, StartError, Step, warm_up};
use gatehouse_store::{
    Accounts, Budget, Connection, HttpClient, LoginAttempts, Outbox, Revocations, Sessions, Users,
};

/// What `account` needs.
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) authenticator: Authenticator,
    pub(crate) rules: PasswordRules,
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
        let tables = Connection::from_variables(|name| environment.text(name), Budget::Request)?
            .through(http)
            .tables();
        let users = Users::new(tables.clone(), environment.table("USERS_TABLE")?);
        let attempts = environment.table("LOGIN_ATTEMPTS_TABLE")?;
        let outbox = OutboxSettings::from_environment(environment)?
            .map(|outbox| Outbox::new(tables.clone(), outbox.table, outbox.notices));
        let app = Self {
            accounts: Accounts::new(
                users.clone(),
                Sessions::new(tables.clone(), environment.table("SESSIONS_TABLE")?),
                Revocations::new(tables.clone(), environment.table("REVOCATIONS_TABLE")?),
            )
            .with_outbox(outbox),
            authenticator: Authenticator {
                users,
                attempts: LoginAttempts::new(tables, attempts)
                    .with_address_attempts(guesses.address_attempts_per_hour),
                hasher: Hasher::with_cost(hashing.memory_kib, hashing.iterations, hashing.permits)?,
                clock,
                step: Step::default(),
            },
            rules: PasswordRules::new(
                registration.password_min_length,
                breaches.url.as_deref(),
                breaches.fails_open,
            )?,
        };
        warm_up(app.authenticator.users.warm_up()).await;
        app.authenticator.hasher.warm_up();
        Ok(app)
    }
}

/// Records an audit event about the user who made the request.
pub(crate) fn record(
    request: &Request,
    sub: Option<&SubjectId>,
    event: AuditEvent,
    reason: Option<&str>,
) {
    let mut audit = request.audit();
    audit.sub = sub;
    audit.reason = reason;
    audit.record(event);
}
