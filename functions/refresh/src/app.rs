//! What `refresh` needs, created once at cold start.

use gatehouse_auth::role::RoleScopes;
use gatehouse_auth::token::{Issuer, Verifier};
use gatehouse_edge::config::{
    CookieSettings, Environment, IssuerSettings, OutboxSettings, SessionSettings, VerifierSettings,
};
use gatehouse_edge::{Clock, StartError, warm_up};
use gatehouse_store::{
    Accounts, Budget, CachedVerifyingKeys, Connection, HttpClient, KeyRingSource, Outbox,
    Revocations, Sessions, Signer, SigningKeys, Users,
};

/// What `refresh` needs.
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) signer: Signer,
    pub(crate) keys: CachedVerifyingKeys,
    pub(crate) issuer: Issuer,
    pub(crate) verifier: Verifier,
    pub(crate) role_scopes: RoleScopes,
    pub(crate) lifetimes: SessionSettings,
    /// Which pages may use the cookie; `None` if it is off.
    pub(crate) cookies: Option<CookieSettings>,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the settings and the key ring, and opens the connection.
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
        let issuer = IssuerSettings::from_environment(environment)?;
        let verifier = VerifierSettings::from_environment(environment)?;
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let tables = connection.tables();
        let keys = SigningKeys::new(tables.clone(), environment.table("SIGNING_KEYS_TABLE")?);
        let source = KeyRingSource::from_variables(|name| environment.text(name), &connection)?;
        let outbox = OutboxSettings::from_environment(environment)?
            .map(|outbox| Outbox::new(tables.clone(), outbox.table, outbox.notices));
        let app = Self {
            accounts: Accounts::new(
                Users::new(tables.clone(), environment.table("USERS_TABLE")?),
                Sessions::new(tables.clone(), environment.table("SESSIONS_TABLE")?),
                Revocations::new(tables, environment.table("REVOCATIONS_TABLE")?),
            )
            .with_outbox(outbox),
            signer: Signer::new(source, keys.clone()),
            keys: CachedVerifyingKeys::new(keys, verifier.key_cache),
            verifier: Verifier::new(verifier.issuer, verifier.audience),
            issuer: Issuer::new(
                issuer.issuer,
                issuer.audience,
                issuer.client_id,
                issuer.access_ttl,
            ),
            role_scopes: issuer.role_scopes,
            lifetimes: SessionSettings::from_environment(environment)?,
            cookies: CookieSettings::from_environment(environment)?,
            clock,
        };
        // If there is no ring yet, the first request reports it.
        let ring = app.signer.ring(app.clock.now());
        warm_up(async { tokio::join!(app.accounts.users.warm_up(), ring) }).await;
        Ok(app)
    }
}
