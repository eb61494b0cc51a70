//! What the gateway did with the latest requests, for the console.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use super::authorizer::AuthorizerRefusal;

/// The latest requests of one gateway. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<VecDeque<RequestRecord>>>);

/// One request, without its query, headers and body, which may contain tokens.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RequestRecord {
    pub(super) id: String,
    method: String,
    path: String,
    /// The key of the route that it matched.
    pub(super) route: Option<String>,
    /// `None` if its route has no authorizer.
    pub(super) authorizer: Option<AuthorizerRecord>,
    status: u16,
    milliseconds: u64,
}

/// What the authorizer of a route decided.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AuthorizerRecord {
    function: String,
    decision: Decision,
    /// What the function behind the gateway learns.
    context: Option<Value>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Allowed,
    Denied,
    /// An identity source is missing, so the authorizer was not called.
    NotCalled,
    Failed,
}

/// Bounds the memory that a long session uses.
const KEPT_REQUESTS: usize = 500;

impl Requests {
    pub(super) fn keep(&self, record: RequestRecord) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_REQUESTS {
            kept.pop_front();
        }
        kept.push_back(record);
    }

    /// Returns a request by its id, unless it is too long ago.
    pub(crate) fn find(&self, id: &str) -> Option<RequestRecord> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().find(|record| record.id == id).cloned()
    }
}

impl RequestRecord {
    pub(super) fn new(id: &str, method: &str, path: &str) -> Self {
        Self {
            id: id.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            route: None,
            authorizer: None,
            status: 0,
            milliseconds: 0,
        }
    }

    pub(super) fn responded(self, status: u16, began: Instant) -> Self {
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Self {
            status,
            milliseconds,
            ..self
        }
    }
}

impl AuthorizerRecord {
    pub(super) fn new(
        function: String,
        decision: &Result<Option<Value>, AuthorizerRefusal>,
    ) -> Self {
        let (decision, context) = match decision {
            Ok(context) => (Decision::Allowed, context.clone()),
            Err(AuthorizerRefusal::Unauthorized) => (Decision::NotCalled, None),
            Err(AuthorizerRefusal::Forbidden) => (Decision::Denied, None),
            Err(AuthorizerRefusal::Failed(_)) => (Decision::Failed, None),
        };
        Self {
            function,
            decision,
            context,
        }
    }
}
