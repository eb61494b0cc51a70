//! Who a request acts for, once the authorizer has verified the token.

use std::collections::HashMap;
use std::sync::LazyLock;

use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::time::Timestamp;
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayRequestIdentity;
use lambda_http::request::RequestContext;
use serde_json::Value;

use crate::address::{ClientAddress, address};
use crate::audit::{Audit, AuditEvent};
use crate::config::Environment;
use crate::error::Problem;
use crate::request::Request;

/// Who a request acts for.
///
/// It is read only from the authorizer's context, which API Gateway creates: a client can
/// write any header. Your own function behind the same authorizer needs no more than
/// this:
///
/// ```
/// use gatehouse_edge::{Clock, Principal, Problem, Response, response};
/// use lambda_http::http::StatusCode;
/// use lambda_http::{Error, Request, RequestExt};
///
/// async fn handle(request: Request) -> Result<Response, Error> {
///     let request_id = request.lambda_context().request_id;
///     Ok(report(&request).unwrap_or_else(|problem| problem.into_response(&request_id)))
/// }
///
/// fn report(request: &Request) -> Result<Response, Problem> {
///     let principal = Principal::from_request(request, Clock::System.now())?;
///     principal.require_role("admin")?;
///     Ok(response::json(StatusCode::OK, &format!("hello {}", principal.sub)))
/// }
/// # fn main() {
/// #     let _ = || lambda_http::run(lambda_http::service_fn(handle));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub sub: SubjectId,
    /// The session that the token belongs to.
    pub sid: SessionId,
    /// The token's id.
    pub jti: Jti,
    /// The user's token version when the token was issued.
    pub ver: u64,
    /// The scopes of the token; empty if it has none.
    pub scope: Scopes,
    /// The user's roles when the token was issued.
    pub roles: Roles,
    /// When the user authenticated with their password.
    pub auth_time: Timestamp,
    /// When the token expires.
    pub exp: Timestamp,
    client: ClientInfo,
}

/// What the gateway reports about the client, for the audit event of a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ClientInfo {
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl ClientInfo {
    fn from_identity(identity: &ApiGatewayRequestIdentity, request_id: Option<&String>) -> Self {
        Self {
            ip: identity.source_ip.clone(),
            user_agent: identity.user_agent.clone(),
            request_id: request_id.cloned(),
        }
    }
}

/// The settings of a function that calls [`Principal::from_request`]. It does not start
/// through [`run`](crate::run()), which would refuse invalid ones.
static OWN_CLIENT_ADDRESS: LazyLock<ClientAddress> = LazyLock::new(|| {
    ClientAddress::from_environment(&Environment::read()).unwrap_or_else(|error| {
        tracing::error!(error = %error, "using the connection's address");
        ClientAddress::default()
    })
});

impl Principal {
    /// Reads the principal of a request behind the authorizer: of an HTTP API (payload 2.0
    /// or 1.0), a REST API or a WebSocket API.
    ///
    /// The variables `CLIENT_ADDRESS` and `PROXY_SECRET_SHA256` of your function, if set,
    /// determine the address in the audit log.
    ///
    /// A gateway that caches the authorizer's response may pass on a token that has expired
    /// since, so the expiry is checked against `now` again.
    ///
    /// # Errors
    /// 401 [`Problem`] if the authorizer's context is missing or invalid (the route has no
    /// authorizer, or a different one), or if the token has expired.
    pub fn from_request(request: &lambda_http::Request, now: Timestamp) -> Result<Self, Problem> {
        let mut principal = Self::read(request)?;
        principal.resolve_address(request, &OWN_CLIENT_ADDRESS);
        principal.unless_expired(now)
    }

    /// Reads the principal of a request to one of our functions.
    ///
    /// # Errors
    /// As [`Principal::from_request`].
    pub fn of(request: &Request, now: Timestamp) -> Result<Self, Problem> {
        let mut principal = Self::read(request.http())?;
        principal.client.ip = request.audit().ip.map(str::to_owned);
        principal.unless_expired(now)
    }

    fn read(request: &lambda_http::Request) -> Result<Self, Problem> {
        Self::from_context(request.request_context_ref()).map_err(|member| {
            tracing::error!(member, "the authorizer's context is missing or invalid");
            Problem::unauthorized()
        })
    }

    fn resolve_address(&mut self, request: &lambda_http::Request, source: &ClientAddress) {
        let connection = self.client.ip.as_deref().and_then(address);
        let address = source.resolve(request.headers(), connection);
        self.client.ip = address.map(|address| address.to_string());
    }

    fn unless_expired(self, now: Timestamp) -> Result<Self, Problem> {
        if self.exp <= now {
            self.record_refusal("expired");
            return Err(Problem::invalid_token());
        }
        Ok(self)
    }

    /// Checks that the user has a role. A refusal is recorded as an audit event.
    ///
    /// # Errors
    /// 403 `insufficient_scope`, which names the role, if they do not.
    pub fn require_role(&self, role: &str) -> Result<(), Problem> {
        if self.roles.contains(role) {
            return Ok(());
        }
        self.record_refusal("missing_role");
        Err(Problem::missing_role(role))
    }

    /// Checks that the token has a scope. A refusal is recorded as an audit event.
    ///
    /// # Errors
    /// 403 `insufficient_scope`, which names the scope, if it does not.
    pub fn require_scope(&self, scope: &str) -> Result<(), Problem> {
        if self.scope.contains(scope) {
            return Ok(());
        }
        self.record_refusal("missing_scope");
        Err(Problem::missing_scope(scope))
    }

    /// Records an audit event: the request was refused, for a reason in `snake_case`. The
    /// checks of this type record theirs.
    pub fn record_refusal(&self, reason: &'static str) {
        Audit {
            reason: Some(reason),
            sub: Some(&self.sub),
            sid: Some(&self.sid),
            jti: Some(&self.jti),
            ip: self.client.ip.as_deref(),
            user_agent: self.client.user_agent.as_deref(),
            request_id: self.client.request_id.as_deref(),
            ..Audit::default()
        }
        .record(AuditEvent::AuthorizationDenied);
    }

    /// The error is the name of the member that is missing or invalid.
    fn from_context(context: Option<&RequestContext>) -> Result<Self, &'static str> {
        let (fields, client) = context.and_then(authorized).ok_or("authorizer")?;
        let text = |name| fields.get(name).and_then(Value::as_str).ok_or(name);
        let time = |name| {
            let seconds = number(fields.get(name)).map(Timestamp::from_unix);
            seconds.ok_or(name)
        };
        let names = text("roles")?.split(' ').filter(|name| !name.is_empty());
        Ok(Self {
            sub: SubjectId::parse(text("sub")?).map_err(|_| "sub")?,
            sid: SessionId::parse(text("sid")?).map_err(|_| "sid")?,
            jti: Jti::parse(text("jti")?).map_err(|_| "jti")?,
            ver: number(fields.get("ver")).ok_or("ver")?,
            scope: scope(fields)?,
            roles: Roles::parse(names).map_err(|_| "roles")?,
            auth_time: time("auth_time")?,
            exp: time("exp")?,
            client,
        })
    }
}

/// Returns the authorizer's context, and what the gateway reports about the client. HTTP
/// APIs put the context under `lambda` (payload 2.0); all others put it into `authorizer`
/// itself, as strings. A client can write neither.
fn authorized(context: &RequestContext) -> Option<(&HashMap<String, Value>, ClientInfo)> {
    match context {
        RequestContext::ApiGatewayV2(gateway) => {
            let client = ClientInfo {
                ip: gateway.http.source_ip.clone(),
                user_agent: gateway.http.user_agent.clone(),
                request_id: gateway.request_id.clone(),
            };
            Some((&gateway.authorizer.as_ref()?.fields, client))
        }
        RequestContext::ApiGatewayV1(gateway) => {
            let client = ClientInfo::from_identity(&gateway.identity, gateway.request_id.as_ref());
            Some((&gateway.authorizer.fields, client))
        }
        RequestContext::WebSocket(gateway) => {
            let client = ClientInfo::from_identity(&gateway.identity, gateway.request_id.as_ref());
            Some((&gateway.authorizer.fields, client))
        }
        // Other event sources, which a workspace may have enabled, have no authorizer.
        _ => None,
    }
}

/// The context of a token without scopes has no `scope`.
fn scope(fields: &HashMap<String, Value>) -> Result<Scopes, &'static str> {
    let Some(value) = fields.get("scope") else {
        return Ok(Scopes::default());
    };
    let scopes = value.as_str().map(Scopes::parse);
    scopes.and_then(Result::ok).ok_or("scope")
}

/// API Gateway passes an authorizer's numbers on as numbers or as strings.
fn number<T: std::str::FromStr>(value: Option<&Value>) -> Option<T> {
    match value? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
