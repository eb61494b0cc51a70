//! What `email` needs, created once at cold start.

use gatehouse_auth::password::Hasher;
use gatehouse_auth::token::Verifier;
use gatehouse_authenticate::Authenticator;
use gatehouse_edge::config::{
    Environment, GuessSettings, HashSettings, MailRequestSettings, OutboxSettings, VerifierSettings,
};
use gatehouse_edge::{Clock, StartError, Step, warm_up};
use gatehouse_store::{
    Accounts, Budget, CachedVerifyingKeys, Connection, HttpClient, LoginAttempts, Outbox,
    Revocations, Sessions, SigningKeys, Users,
};

/// What `email` needs.
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) authenticator: Authenticator,
    pub(crate) outbox: Outbox,
    /// What verifies access tokens, on routes without an authorizer.
    pub(crate) verifier: Verifier,
    pub(crate) keys: CachedVerifyingKeys,
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
        let hashing = HashSettings::from_environment(environment)?;
        let guesses = GuessSettings::from_environment(environment)?;
        let mails = MailRequestSettings::from_environment(environment)?;
        let verifier = VerifierSettings::from_environment(environment)?;
        let notices = OutboxSettings::from_environment(environment)?;
        let notices = notices.map(|settings| settings.notices).unwrap_or_default();
        let tables = Connection::from_variables(|name| environment.text(name), Budget::Request)?
            .through(http)
            .tables();
        let users = Users::new(tables.clone(), environment.table("USERS_TABLE")?);
        let keys = environment.table("SIGNING_KEYS_TABLE")?;
        let attempts = environment.table("LOGIN_ATTEMPTS_TABLE")?;
        // Without the table this function does not exist.
        let outbox = Outbox::new(tables.clone(), environment.table("OUTBOX_TABLE")?, notices);
        let app = Self {
            accounts: Accounts::new(
                users.clone(),
                Sessions::new(tables.clone(), environment.table("SESSIONS_TABLE")?),
                Revocations::new(tables.clone(), environment.table("REVOCATIONS_TABLE")?),
            )
            .with_outbox(Some(outbox.clone())),
            keys: CachedVerifyingKeys::new(
                SigningKeys::new(tables.clone(), keys),
                verifier.key_cache,
            ),
            verifier: Verifier::new(verifier.issuer, verifier.audience),
            authenticator: Authenticator {
                users,
                attempts: LoginAttempts::new(tables, attempts)
                    .with_address_attempts(guesses.address_attempts_per_hour)
                    .with_address_mails(mails.address_mails_per_hour),
                hasher: Hasher::with_cost(hashing.memory_kib, hashing.iterations, hashing.permits)?,
                clock,
                step: Step::default(),
            },
            outbox,
        };
        warm_up(app.accounts.users.warm_up()).await;
        app.authenticator.hasher.warm_up();
        Ok(app)
    }

    /// Replaces the hasher, for tests that count or measure hashes.
    #[must_use]
    pub fn with_hasher(mut self, hasher: Hasher) -> Self {
        self.authenticator.hasher = hasher;
        self
    }

    /// Replaces the step, for tests of thousands of requests.
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.authenticator.step = step;
        self
    }
}
