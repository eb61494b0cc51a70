//! The authorizer: decides whether an access token is valid, for every kind of API.
//!
//! An allow requires a verified token and a complete, consistent read of the revocations.
//! A failing store is an error: never an allow, and never a deny, which a gateway would
//! cache.

use std::net::IpAddr;
use std::time::Duration;

use gatehouse_auth::authorization::bearer_token;
use gatehouse_auth::claims::Claims;
use gatehouse_auth::deadline::Late;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::token::{SignedIds, Verifier};
use gatehouse_edge::config::{Environment, VerifierSettings};
use gatehouse_edge::{
    Audit, AuditEvent, ClientAddress, Clock, StartError, deadline, telemetry, warm_up,
};
use gatehouse_store::{
    Budget, CachedVerifyingKeys, Connection, HttpClient, KeyStoreError, Revocations, SigningKeys,
    StoreError,
};
use lambda_runtime::{Context, Diagnostic};

pub mod event;
pub mod response;

use event::{ApiKind, AuthorizerEvent, UnknownEvent};
use response::{AuthorizerResponse, InvalidArn};

/// What the authorizer needs, created once at cold start.
pub struct App {
    verifier: Verifier,
    keys: CachedVerifyingKeys,
    revocations: Revocations,
    client_address: ClientAddress,
    clock: Clock,
}

impl App {
    /// Reads the settings and the keys, and opens the connection: INIT runs at full CPU, the
    /// first request gets a fourteenth of it (128 MB).
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
        let tables = Connection::from_variables(|name| environment.text(name), Budget::Authorizer)?
            .through(http)
            .tables();
        let keys = SigningKeys::new(tables.clone(), environment.table("SIGNING_KEYS_TABLE")?);
        let app = Self {
            verifier: Verifier::new(settings.issuer, settings.audience),
            keys: CachedVerifyingKeys::new(keys, settings.key_cache),
            revocations: Revocations::new(tables, environment.table("REVOCATIONS_TABLE")?),
            client_address: ClientAddress::from_environment(environment)?,
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

/// Why there is no decision. API Gateway turns it into a 500, or for REST into a 401.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerError {
    /// REST API: the token is invalid. AWS documents this very text.
    #[error("Unauthorized")]
    Unauthorized,
    /// The event is not for an authorizer.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// The event's ARN cannot be used in a policy.
    #[error(transparent)]
    InvalidArn(#[from] InvalidArn),
    /// The keys could not be read.
    #[error("the keys could not be read")]
    Keys(#[from] KeyStoreError),
    /// The revocations could not be read, or not all of them.
    #[error("the revocations could not be read")]
    Store(#[from] StoreError),
    /// There was no decision in time.
    #[error("there was no decision in time")]
    Late(#[from] Late),
}

impl AuthorizerError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Keys(error) => error.is_transient(),
            Self::Store(error) => error.is_transient(),
            Self::Late(late) => late.is_transient(),
            Self::Unauthorized | Self::UnknownEvent(_) | Self::InvalidArn(_) => false,
        }
    }
}

/// API Gateway's logs show the type; a REST API acts on the message.
impl From<AuthorizerError> for Diagnostic {
    fn from(error: AuthorizerError) -> Self {
        Self {
            error_type: "AuthorizerError".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// How long a decision may take: keys, revocations and waiting for others together. The
/// client waits for the function behind the gateway as well.
const BUDGET: Duration = Duration::from_secs(1);

/// Responds to one event, given as JSON.
///
/// # Errors
/// If API Gateway must respond with 500 (or 401 for a REST API), which it never caches.
pub async fn handle(
    app: &App,
    event: &str,
    context: &Context,
) -> Result<AuthorizerResponse, AuthorizerError> {
    let event: AuthorizerEvent = serde_json::from_str(event).map_err(|_| UnknownEvent)?;
    let responded = deadline(context, BUDGET)
        .enforce(respond(app, &event))
        .await;
    let response = responded.unwrap_or_else(|late| Err(late.into()));
    match &response {
        Ok(_) | Err(AuthorizerError::Unauthorized) => {}
        Err(error) => {
            let span = tracing::error_span!("invocation", request_id = event.request_id());
            span.in_scope(|| telemetry::log_failure(error, error.is_transient()));
        }
    }
    response
}

async fn respond(
    app: &App,
    event: &AuthorizerEvent,
) -> Result<AuthorizerResponse, AuthorizerError> {
    let api = event.api_kind()?;
    let client_address = event.client_address(&app.client_address);
    match decide(app, event).await? {
        Ok(claims) => Ok(response::allow(&api, &claims)?),
        Err(denial) => {
            denial.record(event, client_address);
            match api {
                // Lambda counts it as an error; the alarm on errors subtracts these.
                ApiKind::Rest(_) => {
                    telemetry::count("unauthorized_by_error");
                    Err(AuthorizerError::Unauthorized)
                }
                ApiKind::Http | ApiKind::HttpPolicy(_) | ApiKind::WebSocket(_) => {
                    Ok(response::deny(&api)?)
                }
            }
        }
    }
}

/// Why a token is denied, and whom it was issued to if its signature is valid.
struct Denial {
    reason: &'static str,
    ids: SignedIds,
}

/// Returns the claims, or why they are denied.
async fn decide(
    app: &App,
    event: &AuthorizerEvent,
) -> Result<Result<Claims, Denial>, AuthorizerError> {
    let token = match bearer_token(event.authorizations()) {
        Ok(token) => token,
        Err(error) => return Ok(Err(Denial::of_unknown(error.reason()))),
    };
    let now = app.clock.now();
    let claims = match app.keys.verify(&app.verifier, token, now).await? {
        Ok(claims) => claims,
        Err(error) => {
            let reason = error.reason();
            let ids = app.keys.ids_of_rejected(token, &error, now).await;
            return Ok(Err(Denial { reason, ids }));
        }
    };
    let revoked = app
        .revocations
        .check(&claims.jti, &claims.sid, &claims.sub, claims.ver)
        .await?;
    Ok(match revoked {
        None => Ok(claims),
        Some(revoked) => Err(Denial {
            reason: revoked.reason(),
            ids: SignedIds::from(&claims),
        }),
    })
}

impl Denial {
    fn of_unknown(reason: &'static str) -> Self {
        let ids = SignedIds::default();
        Self { reason, ids }
    }

    fn record(&self, event: &AuthorizerEvent, address: Option<IpAddr>) {
        let address = address.map(|ip| ip.to_string());
        Audit {
            reason: Some(self.reason),
            sub: self.ids.sub.as_ref(),
            sid: self.ids.sid.as_ref(),
            jti: self.ids.jti.as_ref(),
            ip: address.as_deref(),
            user_agent: event.user_agent(),
            request_id: event.request_id(),
            ..Audit::default()
        }
        .record(AuditEvent::AuthorizationDenied);
    }
}
