//! What `introspect` needs, created once at cold start.

use gatehouse_auth::token::Verifier;
use gatehouse_edge::config::{Environment, VerifierSettings};
use gatehouse_edge::{Clock, StartError, warm_up};
use gatehouse_store::{
    Budget, CachedClients, CachedVerifyingKeys, Clients, Connection, HttpClient, Revocations,
    SigningKeys,
};

/// What `introspect` needs.
pub struct App {
    pub(crate) verifier: Verifier,
    pub(crate) keys: CachedVerifyingKeys,
    pub(crate) clients: CachedClients,
    pub(crate) revocations: Revocations,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the settings and the keys, and opens the connection: INIT runs at full
    /// CPU, the first request gets a fourteenth of it (128 MB).
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
        let settings = VerifierSettings::from_environment(environment)?;
        // A resource server has a request waiting.
        let budget = Budget::Authorizer;
        let tables = Connection::from_variables(|name| environment.text(name), budget)?
            .through(http)
            .tables();
        let keys = environment.table("SIGNING_KEYS_TABLE")?;
        let app = Self {
            verifier: Verifier::new(settings.issuer, settings.audience),
            keys: CachedVerifyingKeys::new(
                SigningKeys::new(tables.clone(), keys.clone()),
                settings.key_cache,
            ),
            clients: CachedClients::new(Clients::new(tables.clone(), keys)),
            revocations: Revocations::new(tables, environment.table("REVOCATIONS_TABLE")?),
            clock,
        };
        // One read opens the connection. If there are no keys yet, the first request
        // reports it.
        warm_up(async {
            if app.keys.current(app.clock.now()).await.is_err() {
                app.revocations.warm_up().await;
            }
        })
        .await;
        Ok(app)
    }
}
