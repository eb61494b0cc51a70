//! A proxy between the functions and AWS (or what stands in for it), which sees
//! every call: it records rights and costs, and can be switched off.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use bytes::Bytes;
use gatehouse_local::server::{FullResponse, Serving, serve};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::call::{self, Cost, Use};

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    state: Arc<State>,
    _serving: Serving,
}

#[derive(Debug)]
struct State {
    upstream: String,
    client: reqwest::Client,
    asks_for_costs: bool,
    is_down: AtomicBool,
    seen: Mutex<Seen>,
}

/// Where the next call stands still, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Before it reaches what is behind.
    Before,
    /// After it was carried out there: its answer is lost.
    After,
}

#[derive(Debug, Default)]
struct Seen {
    uses: BTreeSet<Use>,
    costs: Vec<Cost>,
    hold: Option<(Hold, oneshot::Sender<()>)>,
}

impl Proxy {
    /// Starts a proxy before an AWS endpoint, which gets each call as it was signed.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(upstream: &str) -> anyhow::Result<Self> {
        Self::with(upstream, false).await
    }

    /// Starts a proxy before an embedded DynamoDB, which checks no signature: each
    /// call is made to tell its cost.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn counting(upstream: &str) -> anyhow::Result<Self> {
        Self::with(upstream, true).await
    }

    async fn with(upstream: &str, asks_for_costs: bool) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("there is no free port")?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: reqwest::Client::builder().no_proxy().build()?,
            asks_for_costs,
            is_down: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let serving = serve(listener, move |request, _| {
            let state = Arc::clone(&shared);
            async move { state.answer(request).await }
        });
        Ok(Self {
            url,
            state,
            _serving: serving,
        })
    }

    /// The address that functions are given as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The rights that were made use of since the start.
    #[must_use]
    pub fn uses(&self) -> BTreeSet<Use> {
        self.state.seen().uses.clone()
    }

    /// Lets the next call stand still, for good; the result comes when it does.
    #[must_use]
    pub fn hold_next(&self, hold: Hold) -> oneshot::Receiver<()> {
        let (teller, stands) = oneshot::channel();
        self.state.seen().hold = Some((hold, teller));
        stands
    }

    /// What each call since the last question has cost, in order.
    #[must_use]
    pub fn take_costs(&self) -> Vec<Cost> {
        std::mem::take(&mut self.state.seen().costs)
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> FullResponse {
        match request.uri().path() {
            DOWN => return self.switch(true),
            UP => return self.switch(false),
            _ => {}
        }
        if self.is_down.load(Ordering::Relaxed) {
            return said(StatusCode::SERVICE_UNAVAILABLE, "switched off");
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
        else {
            return said(StatusCode::BAD_REQUEST, "the body broke off");
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        self.hold(Hold::Before).await;
        let call = self.call(&parts.headers, &body);
        let sent = call.body.clone().unwrap_or(body);
        let forwarded = self
            .client
            .request(parts.method, format!("{}{path}", self.upstream))
            .headers(forwardable(&parts.headers))
            .body(sent)
            .send()
            .await;
        let Ok(answer) = forwarded else {
            return said(StatusCode::BAD_GATEWAY, "what is behind does not answer");
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let Ok(body) = answer.bytes().await else {
            return said(StatusCode::BAD_GATEWAY, "what is behind broke off");
        };
        self.remember(call, &body);
        self.hold(Hold::After).await;
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        *response.headers_mut() = forwardable(&headers);
        response
    }

    /// Reads a call, and asks for its cost where that is wanted.
    fn call(&self, headers: &HeaderMap, body: &Bytes) -> Call {
        let header = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let target = header("x-amz-target");
        let mut json: Value = serde_json::from_slice(body).unwrap_or_default();
        let uses = call::uses(&header("authorization"), &target, &json);
        let mut call = Call {
            operation: target.split('.').next_back().unwrap_or_default().to_owned(),
            uses,
            body: None,
        };
        if let Some(members) = json.as_object_mut()
            && self.asks_for_costs
            && target.starts_with("DynamoDB")
        {
            members.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
            call.body = Some(Bytes::from(json.to_string()));
        }
        call
    }

    fn remember(&self, call: Call, answer: &Bytes) {
        let mut seen = self.seen();
        seen.uses.extend(call.uses);
        if call.body.is_some() {
            let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
            seen.costs.push(call::cost(&call.operation, &answer));
        }
    }

    /// Stands still if this is where the next call is to.
    async fn hold(&self, here: Hold) {
        let held = self.seen().hold.take_if(|(hold, _)| *hold == here);
        if let Some((_, told)) = held {
            // Nobody waits for it where the test has ended.
            told.send(()).unwrap_or_default();
            std::future::pending::<()>().await;
        }
    }

    fn switch(&self, is_down: bool) -> FullResponse {
        self.is_down.store(is_down, Ordering::Relaxed);
        said(StatusCode::OK, "done")
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Switches the proxy at that URL on again, from where nothing can be awaited.
///
/// # Errors
/// When it is not reached.
pub fn switch_on(url: &str) -> std::io::Result<()> {
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address)?;
    let request = format!("GET {UP} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

/// What is to be remembered of a call, once it is answered.
struct Call {
    operation: String,
    uses: Vec<Use>,
    /// The body to send, where it is not the caller's own.
    body: Option<Bytes>,
}

/// Headers but those of the connection and of the length, which are made anew.
fn forwardable(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
    headers
}

fn said(status: StatusCode, text: &'static str) -> FullResponse {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

/// A request for this path switches the proxy off: from then on it answers 503.
pub const DOWN: &str = "/_proxy/down";
/// A request for this path switches it on again.
pub const UP: &str = "/_proxy/up";
