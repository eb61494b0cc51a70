//! Calls the authorizer, or its cache: payload 2.0 with simple responses.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::event;
use super::matching::RouteMatch;
use super::request::Head;
use crate::lambda::{Functions, Invocation};
use crate::template::{Api, IdentitySource};

/// Why a request was not authorised.
#[derive(Debug)]
pub(super) enum AuthorizerRefusal {
    /// An identity source is missing: 401, without a call.
    Unauthorized,
    /// The authorizer denied: 403.
    Forbidden,
    /// The authorizer failed or returned an invalid response: 500, never cached.
    Failed(String),
}

/// The caches of the API's authorizers.
#[derive(Debug)]
pub(super) struct Authorizers {
    caches: BTreeMap<String, Mutex<Cache>>,
}

/// Verdicts by the values of the identity sources, with their expiry. AWS shares
/// a verdict between routes unless `$context.routeKey` is one of the sources.
type Cache = HashMap<Vec<String>, (Instant, Verdict)>;

/// An authorizer's response. The context is passed on unchanged: unlike REST
/// APIs, HTTP APIs accept lists and maps in it.
#[derive(Debug, Clone, Deserialize)]
struct Verdict {
    #[serde(rename = "isAuthorized")]
    allowed: bool,
    context: Option<serde_json::Map<String, Value>>,
}

/// How long API Gateway waits for an authorizer.
const AUTHORIZER_TIMEOUT: Duration = Duration::from_secs(10);

impl Authorizers {
    pub(super) fn new(api: &Api) -> Self {
        let cache = |id: &String| (id.clone(), Mutex::default());
        Self {
            caches: api.authorizers.keys().map(cache).collect(),
        }
    }

    /// Returns the authorizer's context for the function of the route.
    pub(super) async fn authorize(
        &self,
        id: &str,
        api: &Api,
        functions: &Functions,
        matched: &RouteMatch<'_>,
        head: &Head,
    ) -> Result<Value, AuthorizerRefusal> {
        let unknown = || AuthorizerRefusal::Failed(format!("there is no authorizer {id}"));
        let authorizer = api.authorizers.get(id).ok_or_else(unknown)?;
        let cache = self.caches.get(id).ok_or_else(unknown)?;
        let function = functions.get(&authorizer.function).ok_or_else(unknown)?;

        let identity =
            identity(&authorizer.identity, matched, head).ok_or(AuthorizerRefusal::Unauthorized)?;
        if let Some(verdict) = cached(cache, &identity) {
            return verdict.context();
        }
        let event = event::for_authorizer(&api.id, matched, head, &identity).to_string();
        let trace = head.trace.clone();
        let payload = Bytes::from(event);
        let invoked = function.invoke(Invocation { payload, trace });
        let name = &authorizer.function;
        let response = timeout(AUTHORIZER_TIMEOUT, invoked).await;
        let response = response
            .map_err(|_| AuthorizerRefusal::Failed(format!("{name} did not respond within 10 s")))?
            .map_err(|error| AuthorizerRefusal::Failed(error.to_string()))?;
        let verdict: Verdict = serde_json::from_slice(&response).map_err(|error| {
            AuthorizerRefusal::Failed(format!("{name} did not return a simple response: {error}"))
        })?;
        if !authorizer.ttl.is_zero() {
            keep(cache, identity, authorizer.ttl, verdict.clone());
        }
        verdict.context()
    }
}

impl Verdict {
    fn context(self) -> Result<Value, AuthorizerRefusal> {
        match self {
            Self {
                allowed: true,
                context,
            } => Ok(context.map_or(Value::Null, Value::Object)),
            Self { allowed: false, .. } => Err(AuthorizerRefusal::Forbidden),
        }
    }
}

/// Returns the values of all identity sources, or nothing if one is missing.
fn identity(
    sources: &[IdentitySource],
    matched: &RouteMatch<'_>,
    head: &Head,
) -> Option<Vec<String>> {
    let value = |source: &IdentitySource| match source {
        IdentitySource::Header(name) => head.headers.get(name).cloned(),
        IdentitySource::Query(name) => head.query_parameters().remove(name),
        IdentitySource::RouteKey => Some(matched.route.key.to_string()),
    };
    let values = sources
        .iter()
        .map(|source| value(source).filter(|value| !value.is_empty()));
    values.collect()
}

fn cached(cache: &Mutex<Cache>, identity: &[String]) -> Option<Verdict> {
    let cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    let (until, verdict) = cache.get(identity)?;
    (Instant::now() < *until).then(|| verdict.clone())
}

/// In a cache of this size, each new verdict evicts the expired ones.
const MAX_CACHED: usize = 1_000;

fn keep(cache: &Mutex<Cache>, identity: Vec<String>, ttl: Duration, verdict: Verdict) {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if cache.len() >= MAX_CACHED {
        cache.retain(|_, (until, _)| now < *until);
    }
    cache.insert(identity, (now + ttl, verdict));
}
