//! The caller: a client with its secret, or the holder of an access token with the
//! scope `introspect` (RFC 7662 section 2.1).

use gatehouse_auth::authorization::{Authorization, CredentialError};
use gatehouse_auth::claims::Claims;
use gatehouse_auth::client::{Client, ClientId};
use gatehouse_auth::digest::sha256;
use gatehouse_auth::scope::INTROSPECT;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::SignedIds;
use gatehouse_edge::{AuditEvent, OauthError, Request};
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;

use crate::app::App;
use crate::basic::PresentedClient;
use crate::body::Body;

/// Reasons in the log.
const AMBIGUOUS: &str = "credential_ambiguous";
const MALFORMED: &str = "credential_malformed";
/// Descriptions for the caller; none says which part of a credential is wrong.
const NO_CREDENTIAL: &str =
    "send client credentials by HTTP Basic, or an access token with the scope introspect as Bearer";
const TWO_CREDENTIALS: &str = "the request holds more than one credential: send one";
const WRONG_CLIENT: &str = "the client credentials are invalid";

/// A caller that may introspect.
pub(crate) enum Caller {
    /// A client whose secret is valid.
    Client,
    /// The holder of an access token: verified, except for its revocation, which
    /// is looked up together with that of the token in question.
    Token(Box<Claims>),
}

/// The one credential of a request, of a known scheme; nothing about it is verified.
pub(crate) enum Presented<'a> {
    /// The text after `Basic`.
    Basic(&'a str),
    /// The token after `Bearer`.
    Bearer(&'a str),
}

impl<'a> Presented<'a> {
    /// Reads the header `Authorization`.
    ///
    /// # Errors
    /// 401 `invalid_client` unless there is exactly one credential, Basic or Bearer.
    pub(crate) fn read(request: &'a Request) -> Result<Self, OauthError> {
        let values = request.http().headers().get_all(AUTHORIZATION);
        let presented = Authorization::read(values).and_then(|authorization| {
            let basic = authorization.of_scheme("Basic").map(Self::Basic);
            let bearer = || authorization.of_scheme("Bearer").map(Self::Bearer);
            basic.or_else(bearer).ok_or(CredentialError::NotBearer)
        });
        presented.map_err(|error| match error {
            // Not an event: a client may ask for the challenges this way.
            CredentialError::Missing => OauthError::invalid_client(NO_CREDENTIAL),
            CredentialError::Ambiguous => refuse(request, AMBIGUOUS, None, TWO_CREDENTIALS),
            CredentialError::NotBearer => refuse(request, MALFORMED, None, NO_CREDENTIAL),
        })
    }
}

impl Caller {
    /// Returns the ids in the caller's own token, if it is one.
    pub(crate) fn ids(&self) -> SignedIds {
        match self {
            Self::Client => SignedIds::default(),
            Self::Token(claims) => SignedIds::from(&**claims),
        }
    }

    /// Authenticates the caller.
    ///
    /// # Errors
    /// 401 `invalid_client` or `invalid_token`, 403 `insufficient_scope`, or 503.
    pub(crate) async fn authenticate(
        app: &App,
        request: &Request,
        presented: &Presented<'_>,
        body: &Body,
    ) -> Result<Self, OauthError> {
        if body.has_credential {
            return Err(refuse(request, AMBIGUOUS, None, TWO_CREDENTIALS));
        }
        let now = app.clock.now();
        match presented {
            Presented::Basic(credentials) => client(app, request, body, credentials, now).await,
            Presented::Bearer(token) => holder(app, request, token, now).await,
        }
    }
}

async fn client(
    app: &App,
    request: &Request,
    body: &Body,
    credentials: &str,
    now: Timestamp,
) -> Result<Caller, OauthError> {
    let Some(presented) = PresentedClient::parse(credentials) else {
        return Err(refuse(request, MALFORMED, None, WRONG_CLIENT));
    };
    let named = body.client_id.as_ref();
    if named.is_some_and(|named| *named != presented.id) {
        return Err(refuse(request, AMBIGUOUS, None, TWO_CREDENTIALS));
    }
    let secret = presented.secret.expose_secret();
    let verdict = match ClientId::parse(&presented.id) {
        Ok(id) => {
            let known = app.clients.get(&id, now).await?;
            Client::authenticate(known.as_deref(), secret, now)
        }
        // No client can have such an id.
        Err(_) => Client::authenticate(None, secret, now),
    };
    match verdict {
        Ok(()) => Ok(Caller::Client),
        Err(refusal) => {
            let reason = refusal.reason();
            Err(refuse(request, reason, Some(&presented.id), WRONG_CLIENT))
        }
    }
}

async fn holder(
    app: &App,
    request: &Request,
    token: &str,
    now: Timestamp,
) -> Result<Caller, OauthError> {
    let verdict = app.keys.verify(&app.verifier, token, now).await?;
    let claims = match verdict {
        Ok(claims) => claims,
        Err(error) => {
            let ids = app.keys.ids_of_rejected(token, &error, now).await;
            deny(request, error.reason(), &ids);
            return Err(OauthError::invalid_token());
        }
    };
    if claims.scope.contains(INTROSPECT) {
        Ok(Caller::Token(Box::new(claims)))
    } else {
        deny(request, "missing_scope", &SignedIds::from(&claims));
        Err(OauthError::missing_scope(INTROSPECT))
    }
}

/// Records that an access token does not open the endpoint.
pub(crate) fn deny(request: &Request, reason: &str, ids: &SignedIds) {
    let mut audit = request.audit();
    audit.reason = Some(reason);
    audit.sub = ids.sub.as_ref();
    audit.sid = ids.sid.as_ref();
    audit.jti = ids.jti.as_ref();
    audit.record(AuditEvent::AuthorizationDenied);
}

/// Records that credentials were refused, and returns the response. The id is
/// logged as its digest: people type secrets into the wrong field.
fn refuse(
    request: &Request,
    reason: &str,
    id: Option<&str>,
    description: &'static str,
) -> OauthError {
    let digest = id.map(|id| sha256(id.as_bytes()));
    let mut audit = request.audit();
    audit.reason = Some(reason);
    audit.identifier_digest = digest.as_deref();
    audit.record(AuditEvent::ClientRefused);
    OauthError::invalid_client(description)
}
