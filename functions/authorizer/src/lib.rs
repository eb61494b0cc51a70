//! The authorizer: is this access token good, for every way into API Gateway.
//!
//! Yes needs a verified token and a complete, consistent read of the
//! revocations. A failing store is an error, never a deny that a gateway would
//! cache and never an allow.

use std::net::IpAddr;

use gatehouse_auth::authorization::bearer_token;
use gatehouse_auth::claims::Claims;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::token::Verifier;
use gatehouse_edge::config::{Environment, VerifierSettings};
use gatehouse_edge::{Audit, AuditEvent, ClientAddress, Clock, StartError, telemetry};
use gatehouse_store::{
    Budget, CachedVerifyingKeys, Connection, KeysError, Revocations, SigningKeys, StoreError,
};
use lambda_runtime::Diagnostic;

pub mod answer;
pub mod event;

use answer::{Answer, OddArn};
use event::{AuthorizerEvent, Caller, UnknownEvent};

/// What the authorizer needs, made once at cold start.
pub struct App {
    verifier: Verifier,
    keys: CachedVerifyingKeys,
    revocations: Revocations,
    client_address: ClientAddress,
    clock: Clock,
}

impl App {
    /// Reads the settings and the keys, and opens the connection: INIT has a
    /// whole processor, the first request has a fourteenth of one.
    ///
    /// # Errors
    /// A sentence that names the setting that is missing or odd.
    pub async fn start(environment: &Environment) -> Result<Self, StartError> {
        let settings = VerifierSettings::from_environment(environment)?;
        let tables =
            Connection::from_variables(|name| environment.text(name), Budget::Authorizer)?.tables();
        let keys = SigningKeys::new(tables.clone(), environment.table("SIGNING_KEYS_TABLE")?);
        let app = Self {
            verifier: Verifier::new(settings.issuer, settings.audience),
            keys: CachedVerifyingKeys::new(keys, settings.key_cache),
            revocations: Revocations::new(tables, environment.table("REVOCATIONS_TABLE")?),
            client_address: ClientAddress::from_environment(environment)?,
            clock: Clock::System,
        };
        // One read opens the connection; keys that are not there yet are the
        // first request's to tell.
        if app.keys.current(app.clock.now()).await.is_err() {
            app.revocations.warm_up().await;
        }
        Ok(app)
    }
}

/// Why there is no answer: API Gateway turns it into a 500, or for REST into a 401.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerError {
    /// REST API: the token is not good; AWS documents this very text.
    #[error("Unauthorized")]
    Unauthorized,
    /// The event is none of an authorizer's.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// The event's ARN cannot carry a policy.
    #[error(transparent)]
    OddArn(#[from] OddArn),
    /// The keys could not be read.
    #[error("the keys could not be read")]
    Keys(#[from] KeysError),
    /// The revocations could not be read, or not all of them.
    #[error("the revocations could not be read")]
    Store(#[from] StoreError),
}

impl AuthorizerError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Keys(error) => error.is_transient(),
            Self::Store(error) => error.is_transient(),
            Self::Unauthorized | Self::UnknownEvent(_) | Self::OddArn(_) => false,
        }
    }
}

/// The type is what API Gateway's logs show; the message is what a REST API obeys.
impl From<AuthorizerError> for Diagnostic {
    fn from(error: AuthorizerError) -> Self {
        Self {
            error_type: "AuthorizerError".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Answers one event, given as its JSON.
///
/// # Errors
/// [`AuthorizerError`] where API Gateway must answer 500 (or 401 for a REST API):
/// it never caches those.
pub async fn handle(app: &App, event: &str) -> Result<Answer, AuthorizerError> {
    let event: AuthorizerEvent = serde_json::from_str(event).map_err(|_| UnknownEvent)?;
    let answer = answer(app, &event).await;
    match &answer {
        Ok(_) | Err(AuthorizerError::Unauthorized) => {}
        Err(error) => {
            let span = tracing::error_span!("invocation", request_id = event.request_id());
            span.in_scope(|| telemetry::log_failure(error, error.is_transient()));
        }
    }
    answer
}

async fn answer(app: &App, event: &AuthorizerEvent) -> Result<Answer, AuthorizerError> {
    let caller = event.caller()?;
    let client_address = event.client_address(&app.client_address);
    match decide(app, event).await? {
        Ok(claims) => Ok(answer::allow(&caller, &claims)?),
        Err(reason) => {
            record_denial(event, client_address, reason);
            match caller {
                Caller::Rest(_) => Err(AuthorizerError::Unauthorized),
                Caller::Http | Caller::HttpPolicy(_) | Caller::WebSocket(_) => {
                    Ok(answer::deny(&caller)?)
                }
            }
        }
    }
}

/// Returns the claims, or the reason of the denial.
async fn decide(
    app: &App,
    event: &AuthorizerEvent,
) -> Result<Result<Claims, &'static str>, AuthorizerError> {
    let token = match bearer_token(event.authorizations()) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error.reason())),
    };
    let verdict = app.keys.verify(&app.verifier, token, app.clock.now());
    let claims = match verdict.await? {
        Ok(claims) => claims,
        Err(error) => return Ok(Err(error.reason())),
    };
    let revoked = app
        .revocations
        .check(&claims.jti, &claims.sid, &claims.sub, claims.ver)
        .await?;
    Ok(match revoked {
        None => Ok(claims),
        Some(revoked) => Err(revoked.reason()),
    })
}

fn record_denial(event: &AuthorizerEvent, address: Option<IpAddr>, reason: &'static str) {
    let address = address.map(|ip| ip.to_string());
    Audit {
        reason: Some(reason),
        ip: address.as_deref(),
        user_agent: event.user_agent(),
        request_id: event.request_id(),
        ..Audit::default()
    }
    .record(AuditEvent::AuthorizationDenied);
}
