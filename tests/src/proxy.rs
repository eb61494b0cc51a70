//! A proxy between the functions and AWS (or what stands in for it). It records
//! permissions and costs, injects faults, and can be switched off.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gatehouse_testing::{Backend, Call, Faults, Outcome, operation};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::call::{self, Cost, Use};

/// A request for this path switches the proxy off: it returns 503 from then on.
pub const DOWN: &str = "/_proxy/down";
/// A request for this path switches it on again.
pub const UP: &str = "/_proxy/up";

/// A running proxy, until the runtime that started it ends.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    faults: Faults,
    recorder: Arc<Recorder>,
}

#[derive(Debug)]
struct Recorder {
    upstream: Backend,
    counts_costs: bool,
    recorded: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    uses: BTreeSet<Use>,
    costs: Vec<Cost>,
}

impl Proxy {
    /// Starts a proxy in front of an AWS endpoint, which gets each call as it was
    /// signed.
    pub async fn start(upstream: &str) -> Self {
        Self::with(upstream, false).await
    }

    /// Starts a proxy in front of an embedded DynamoDB, which checks no signature:
    /// each call is changed to return its cost.
    pub async fn counting(upstream: &str) -> Self {
        Self::with(upstream, true).await
    }

    async fn with(upstream: &str, counts_costs: bool) -> Self {
        let recorder = Arc::new(Recorder {
            upstream: Backend::forwarding_to(upstream),
            counts_costs,
            recorded: Mutex::default(),
        });
        let faults = Faults::default();
        let shared = Arc::clone(&recorder);
        let recording = Backend::new(move |call| {
            let recorder = Arc::clone(&shared);
            async move { recorder.handle(call).await }
        });
        Self {
            url: switchable(recording.with(&faults)).serve().await,
            faults,
            recorder,
        }
    }

    /// The address that functions get as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The faults to inject into the calls.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The permissions used since the start.
    #[must_use]
    pub fn uses(&self) -> BTreeSet<Use> {
        self.recorder.recorded().uses.clone()
    }

    /// What each call since the last time has cost, in order.
    #[must_use]
    pub fn take_costs(&self) -> Vec<Cost> {
        std::mem::take(&mut self.recorder.recorded().costs)
    }
}

/// Switches the proxy at that URL on again, for callers that cannot await.
///
/// # Errors
/// If the proxy is not reached.
pub fn switch_on(url: &str) -> std::io::Result<()> {
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address)?;
    let request = format!("GET {UP} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}

impl Recorder {
    async fn handle(&self, call: Call) -> Outcome {
        let header = |name: &str| {
            let value = call.headers().get(name);
            let value = value.and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let of_ses = call::ses_target(call.method().as_str(), call.uri().path());
        let target = of_ses.unwrap_or_else(|| header("x-amz-target"));
        let operation = operation(&call).to_owned();
        let mut body: Value = serde_json::from_slice(call.body()).unwrap_or_default();
        let uses = call::uses(&header("authorization"), &target, &body);

        let mut sent = call;
        let mut has_cost = false;
        if let Some(members) = body.as_object_mut()
            && self.counts_costs
            && target.starts_with("DynamoDB")
        {
            members.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
            *sent.body_mut() = Bytes::from(body.to_string());
            has_cost = true;
        }
        let response = self.upstream.call(sent).await?;
        let mut recorded = self.recorded();
        recorded.uses.extend(uses);
        if has_cost {
            let cost: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            recorded.costs.push(call::cost(&operation, &body, &cost));
        }
        drop(recorded);
        Ok(response)
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the two paths that switch the proxy off and on.
fn switchable(calls: Backend) -> Backend {
    let is_down = Arc::new(AtomicBool::new(false));
    Backend::new(move |call| {
        let (calls, is_down) = (calls.clone(), Arc::clone(&is_down));
        async move {
            match call.uri().path() {
                path @ (DOWN | UP) => {
                    is_down.store(path == DOWN, Ordering::Relaxed);
                    Ok(text(StatusCode::OK, "done"))
                }
                _ if is_down.load(Ordering::Relaxed) => {
                    Ok(text(StatusCode::SERVICE_UNAVAILABLE, "switched off"))
                }
                _ => calls.call(call).await,
            }
        }
    })
}

fn text(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    response
}
