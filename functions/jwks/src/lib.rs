//! `GET` and `HEAD /.well-known/…`: the JWK Set (RFC 7517) and the discovery documents
//! (OpenID Connect Discovery 1.0, RFC 8414).

use gatehouse_edge::config::{Environment, VerifierSettings};
use gatehouse_edge::{Clock, Problem, Request, Response, StartError, warm_up};
use gatehouse_store::{Budget, CachedVerifyingKeys, Connection, HttpClient, SigningKeys};

#[cfg(feature = "schema")]
pub mod contract;
mod discovery;
mod document;

use discovery::Discovery;
use document::Document;

/// What the function needs.
pub struct App {
    keys: CachedVerifyingKeys,
    issuer: String,
    clock: Clock,
}

impl App {
    /// Reads the settings and the published keys.
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
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let table = environment.table("SIGNING_KEYS_TABLE")?;
        let keys = SigningKeys::new(connection.tables(), table);
        let app = Self {
            keys: CachedVerifyingKeys::new(keys, settings.key_cache),
            issuer: settings.issuer,
            clock,
        };
        // Opens the connection; if this fails, the first request reports it.
        warm_up(app.keys.current(app.clock.now())).await;
        Ok(app)
    }
}

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] if there is no such document or the keys cannot be read.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let document = document(app, request).await?;
    Ok(document.respond(request.header("if-none-match")))
}

async fn document(app: &App, request: &Request) -> Result<Document, Problem> {
    // A HEAD gets the response of its GET; the gateway leaves out the body and
    // keeps its length (RFC 9110 section 9.3.2).
    let discovery = match request.route().split_once(' ') {
        Some(("GET" | "HEAD", path)) => match path {
            "/.well-known/jwks.json" => None,
            "/.well-known/openid-configuration" => Some(Discovery::Openid),
            "/.well-known/oauth-authorization-server" => Some(Discovery::AuthorizationServer),
            _ => return Err(Problem::not_found()),
        },
        Some(_) | None => return Err(Problem::not_found()),
    };
    let now = app.clock.now();
    let set = app.keys.current(now).await?.published().jwk_set(now);
    let document = match discovery {
        None => Document::new(&set),
        Some(discovery) => Document::new(&discovery.document(&app.issuer, &set)),
    };
    document.map_err(Problem::broken)
}
