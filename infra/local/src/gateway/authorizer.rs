//! Asks the authorizer, or its cache: simple responses of payload 2.0.

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

/// Why a request goes no further.
#[derive(Debug)]
pub(super) enum AuthorizerRefusal {
    /// An identity source is missing: 401, and nobody was asked.
    Unauthorized,
    /// The authorizer denied: 403.
    Forbidden,
    /// It failed, or nobody understands its answer: 500, never cached.
    Failed(String),
}

/// The caches of the API's authorizers.
#[derive(Debug)]
pub(super) struct Authorizers {
    caches: BTreeMap<String, Mutex<Cache>>,
}

/// Answers by the values of the identity sources: AWS keeps one answer for
/// all routes unless `$context.routeKey` is among the sources.
type Cache = HashMap<Vec<String>, (Instant, Verdict)>;

/// An authorizer's answer. The context is passed on as it is: HTTP APIs take
/// lists and maps in it, other than REST APIs.
#[derive(Debug, Clone, Deserialize)]
struct Verdict {
    #[serde(rename = "isAuthorized")]
    allowed: bool,
    context: Option<serde_json::Map<String, Value>>,
}

impl Authorizers {
    pub(super) fn new(api: &Api) -> Self {
        let cache = |id: &String| (id.clone(), Mutex::default());
        Self {
            caches: api.authorizers.keys().map(cache).collect(),
        }
    }

    /// Returns the context for the function of the route.
    pub(super) async fn ask(
        &self,
        id: &str,
        api: &Api,
        functions: &Functions,
        found: &RouteMatch<'_>,
        head: &Head,
    ) -> Result<Value, AuthorizerRefusal> {
        let unknown = || AuthorizerRefusal::Failed(format!("there is no authorizer {id}"));
        let authorizer = api.authorizers.get(id).ok_or_else(unknown)?;
        let cache = self.caches.get(id).ok_or_else(unknown)?;
        let function = functions.get(&authorizer.function).ok_or_else(unknown)?;

        let identity =
            identity(&authorizer.identity, found, head).ok_or(AuthorizerRefusal::Unauthorized)?;
        if let Some(verdict) = cached(cache, &identity) {
            return verdict.context();
        }
        let event = event::for_authorizer(&api.id, found, head, &identity).to_string();
        let trace = head.trace.clone();
        let payload = Bytes::from(event);
        let asked = function.invoke(Invocation { payload, trace });
        let name = &authorizer.function;
        let answer = timeout(AUTHORIZER_TIMEOUT, asked).await;
        let answer = answer
            .map_err(|_| AuthorizerRefusal::Failed(format!("{name} gave no answer in 10 s")))?
            .map_err(|error| AuthorizerRefusal::Failed(error.to_string()))?;
        let verdict: Verdict = serde_json::from_slice(&answer).map_err(|error| {
            AuthorizerRefusal::Failed(format!("{name} gave no simple response: {error}"))
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

/// The values of all identity sources, or nothing where one is missing.
fn identity(
    sources: &[IdentitySource],
    found: &RouteMatch<'_>,
    head: &Head,
) -> Option<Vec<String>> {
    let value = |source: &IdentitySource| match source {
        IdentitySource::Header(name) => head.headers.get(name).cloned(),
        IdentitySource::Query(name) => head.query_parameters().remove(name),
        IdentitySource::RouteKey => Some(found.route.key.to_string()),
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

fn keep(cache: &Mutex<Cache>, identity: Vec<String>, ttl: Duration, verdict: Verdict) {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if cache.len() >= MAX_CACHED {
        cache.retain(|_, (until, _)| now < *until);
    }
    cache.insert(identity, (now + ttl, verdict));
}

/// What API Gateway grants an authorizer.
const AUTHORIZER_TIMEOUT: Duration = Duration::from_secs(10);
/// From here on, stale answers are thrown away at each new one.
const MAX_CACHED: usize = 1_000;
