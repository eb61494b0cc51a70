//! What `login` needs, created once at cold start.

use gatehouse_auth::password::Hasher;
use gatehouse_auth::role::RoleScopes;
use gatehouse_auth::token::Issuer;
use gatehouse_authenticate::Authenticator;
use gatehouse_edge::config::{
    CookieSettings, Environment, GuessSettings, HashSettings, IssuerSettings, OutboxSettings,
    SessionSettings, max_sessions, requires_verified_email,
};
use gatehouse_edge::{Clock, StartError, Step, warm_up};
use gatehouse_store::{
    Accounts, Budget, Connection, HttpClient, KeyRingSource, LoginAttempts, Outbox, Revocations,
    Sessions, Signer, SigningKeys, Users,
};

use crate::session_limit::SessionLimit;

/// What `login` needs.
pub struct App {
    pub(crate) authenticator: Authenticator,
    pub(crate) sessions: Sessions,
    pub(crate) session_limit: SessionLimit,
    pub(crate) signer: Signer,
    pub(crate) issuer: Issuer,
    pub(crate) role_scopes: RoleScopes,
    pub(crate) lifetimes: SessionSettings,
    /// What is to be mailed; `None` without mail.
    pub(crate) outbox: Option<Outbox>,
    /// Whether a refresh token can go into the cookie.
    pub(crate) has_cookie: bool,
    /// Whether accounts that were registered with that setting need a verified address.
    pub(crate) requires_verified_email: bool,
}

impl App {
    /// Reads the settings and the key ring, opens the connection, and allocates the memory
    /// for hashes.
    ///
    /// # Errors
    /// If a setting is missing or invalid; the message names it.
    pub async fn start(environment: &Environment) -> Result<Self, StartError> {
        Self::with_clock(environment, Clock::System).await
    }

    /// The same with a different clock, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_clock(environment: &Environment, clock: Clock) -> Result<Self, StartError> {
        Self::within(environment, clock, None).await
    }

    /// The same with a different HTTP client for AWS as well, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn within(
        environment: &Environment,
        clock: Clock,
        http: Option<HttpClient>,
    ) -> Result<Self, StartError> {
        let issuer = IssuerSettings::from_environment(environment)?;
        let hashing = HashSettings::from_environment(environment)?;
        let guesses = GuessSettings::from_environment(environment)?;
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let users = Users::new(connection.tables(), environment.table("USERS_TABLE")?);
        let sessions = environment.table("SESSIONS_TABLE")?;
        let sessions = Sessions::new(connection.tables(), sessions);
        let revocations = environment.table("REVOCATIONS_TABLE")?;
        let revocations = Revocations::new(connection.tables(), revocations);
        let attempts = environment.table("LOGIN_ATTEMPTS_TABLE")?;
        let source = KeyRingSource::from_variables(|name| environment.text(name), &connection)?;
        let app = Self {
            session_limit: SessionLimit {
                accounts: Accounts::new(users.clone(), sessions.clone(), revocations),
                max: max_sessions(environment)?,
            },
            authenticator: Authenticator {
                users,
                attempts: LoginAttempts::new(connection.tables(), attempts)
                    .with_address_attempts(guesses.address_attempts_per_hour),
                hasher: Hasher::with_cost(hashing.memory_kib, hashing.iterations, hashing.permits)?,
                clock,
                step: Step::default(),
            },
            sessions,
            outbox: OutboxSettings::from_environment(environment)?
                .map(|outbox| Outbox::new(connection.tables(), outbox.table, outbox.notices)),
            requires_verified_email: requires_verified_email(environment)?,
            signer: Signer::new(
                source,
                SigningKeys::new(
                    connection.tables(),
                    environment.table("SIGNING_KEYS_TABLE")?,
                ),
            ),
            issuer: Issuer::new(
                issuer.issuer,
                issuer.audience,
                issuer.client_id,
                issuer.access_ttl,
            ),
            role_scopes: issuer.role_scopes,
            lifetimes: SessionSettings::from_environment(environment)?,
            // Refuses what `refresh` refuses: no login may issue a cookie that is of no use.
            has_cookie: CookieSettings::from_environment(environment)?.is_some(),
        };
        // If there is no ring yet, the first request reports it.
        let Authenticator {
            users,
            hasher,
            clock,
            ..
        } = &app.authenticator;
        let ring = app.signer.ring(clock.now());
        warm_up(async { tokio::join!(users.warm_up(), ring) }).await;
        hasher.warm_up();
        Ok(app)
    }

    /// Replaces the hasher, for tests that count or measure hashes.
    #[must_use]
    pub fn with_hasher(mut self, hasher: Hasher) -> Self {
        self.authenticator.hasher = hasher;
        self
    }

    /// Replaces the step, for tests of many refusals.
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.authenticator.step = step;
        self
    }
}
