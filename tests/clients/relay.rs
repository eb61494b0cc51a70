//! Stands between a client and the service: records requests, loses and replaces
//! responses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gatehouse_testing::{Backend, Call, ConnectionCut, Outcome};
use gatehouse_tests::service::{CLIENT_ADDRESS_HEADER, address};
use http::{HeaderValue, Response, StatusCode};

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// None: the service gets it, and the client gets the response.
    Pass,
    /// The service gets it; the response is lost.
    Lose,
    /// The service does not get it; the client gets this.
    Respond(Response<Bytes>),
}

impl Reaction {
    /// Responds with that status, `Retry-After` if it is not zero, and body.
    pub(crate) fn respond(status: StatusCode, retry_after: u32, body: &'static str) -> Self {
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = status;
        if retry_after > 0 {
            let headers = response.headers_mut();
            headers.insert("retry-after", HeaderValue::from(retry_after));
        }
        Self::Respond(response)
    }
}

/// A running relay, until the test's runtime ends.
pub(crate) struct Relay {
    url: String,
    state: Shared,
}

/// The state, which the server has too.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    reactions: VecDeque<(&'static str, Reaction)>,
    requests: Vec<Request>,
}

/// A request as the client sent it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Method and path with query, such as `POST /refresh`.
    pub(crate) route: String,
    pub(crate) idempotency_key: Option<String>,
}

impl Relay {
    /// Starts a relay with its own client address. Each reaction happens once, in order,
    /// to the next request of its route.
    pub(crate) async fn start(
        service: &str,
        reactions: &[(&'static str, Reaction)],
    ) -> anyhow::Result<Self> {
        let state = Shared::default();
        state.lock().reactions = reactions.iter().cloned().collect();
        let (upstream, shared) = (Backend::forwarding_to(service), state.clone());
        let address: HeaderValue = address()?.parse()?;
        let backend = Backend::new(move |mut call| {
            let reaction = shared.lock().receive(&call);
            let headers = call.headers_mut();
            headers.insert(CLIENT_ADDRESS_HEADER, address.clone());
            react(reaction, upstream.clone(), call)
        });
        let url = backend.serve().await;
        Ok(Self { url, state })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().requests.clone()
    }

    /// Returns the number of reactions that have not happened.
    pub(crate) fn left(&self) -> usize {
        self.state.lock().reactions.len()
    }
}

impl State {
    fn receive(&mut self, call: &Call) -> Option<Reaction> {
        let path = call.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        let route = format!("{} {path}", call.method());
        let key = call.headers().get("idempotency-key");
        let key = key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        let planned = self.reactions.iter().position(|(of, _)| *of == route);
        self.requests.push(Request {
            route,
            idempotency_key: key,
        });
        let (_, reaction) = self.reactions.remove(planned?)?;
        Some(reaction)
    }
}

async fn react(reaction: Option<Reaction>, upstream: Backend, call: Call) -> Outcome {
    match reaction {
        None | Some(Reaction::Pass) => upstream.call(call).await,
        Some(Reaction::Lose) => {
            upstream.call(call).await?;
            Err(ConnectionCut)
        }
        Some(Reaction::Respond(response)) => Ok(response),
    }
}
