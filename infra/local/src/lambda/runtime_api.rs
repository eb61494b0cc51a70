//! Lambda's Runtime API for one process, which requests the next event and posts
//! a response or an error.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use crate::server::{FullResponse, Serving, serve};

/// What a process posted for an event.
#[derive(Debug)]
pub(super) enum EventOutcome {
    Response(Bytes),
    Error(Report),
}

/// The body of both calls that report an error.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Report {
    #[serde(rename = "errorType", default)]
    pub(super) error_type: String,
    #[serde(rename = "errorMessage", default)]
    pub(super) message: String,
}

/// An event in the form that the process receives.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) payload: Bytes,
    pub(super) trace: String,
    pub(super) function_arn: String,
    pub(super) deadline_millis: u64,
}

/// The API's state, shared by its connections and its environment.
#[derive(Debug, Default)]
pub(super) struct RuntimeApi {
    state: Mutex<State>,
    /// Notified when there is an event for the waiting process.
    event: Notify,
    /// Notified when the process requests its first event or reports a failed start.
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    ready: bool,
    init_error: Option<Report>,
    pending: Option<Event>,
    current: Option<(String, oneshot::Sender<EventOutcome>)>,
    /// The process to suspend while it waits for an event.
    freeze: Option<Pid>,
    frozen: bool,
}

/// The prefix of every path: the API's version.
const PREFIX: &str = "/2018-06-01/runtime/";

impl RuntimeApi {
    /// Serves the API until the result is dropped.
    pub(super) fn serve(self: &Arc<Self>, listener: TcpListener) -> Serving {
        let api = Arc::clone(self);
        serve(listener, move |request, _| {
            let api = Arc::clone(&api);
            async move { api.respond(request).await }
        })
    }

    /// Suspends the process whenever it waits, as Lambda does.
    pub(super) fn freeze(&self, pid: Pid) {
        self.state().freeze = Some(pid);
    }

    /// Waits until the process requests its first event.
    ///
    /// # Errors
    /// The process's own report if it fails to start.
    pub(super) async fn ready(&self) -> Result<(), Report> {
        loop {
            let notified = self.ready.notified();
            {
                let state = self.state();
                if let Some(report) = &state.init_error {
                    return Err(report.clone());
                }
                if state.ready {
                    return Ok(());
                }
            }
            notified.await;
        }
    }

    /// Queues an event for the process; the channel returns the outcome.
    pub(super) fn dispatch(&self, event: Event) -> oneshot::Receiver<EventOutcome> {
        let (sender, outcome) = oneshot::channel();
        let mut state = self.state();
        state.current = Some((event.id.clone(), sender));
        state.pending = Some(event);
        // Under the same lock as the SIGSTOP in `next`, which could otherwise
        // suspend a process that has just been woken.
        if let Some(pid) = state.freeze
            && state.frozen
        {
            state.frozen = false;
            signal(pid, Signal::CONT);
        }
        drop(state);
        self.event.notify_one();
        outcome
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn respond(&self, request: Request<Incoming>) -> FullResponse {
        let path = request
            .uri()
            .path()
            .strip_prefix(PREFIX)
            .unwrap_or("")
            .to_owned();
        let path: Vec<&str> = path.split('/').collect();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                let outcome = match body(request).await {
                    Some(body) => EventOutcome::Response(body),
                    None => EventOutcome::Error(too_large()),
                };
                self.settle(id, outcome)
            }
            (&Method::POST, ["invocation", id, "error"]) => {
                let report = report(request).await;
                self.settle(id, EventOutcome::Error(report))
            }
            (&Method::POST, ["init", "error"]) => {
                let report = report(request).await;
                self.state().init_error = Some(report);
                self.ready.notify_one();
                status(StatusCode::ACCEPTED)
            }
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    async fn next(&self) -> FullResponse {
        loop {
            let notified = self.event.notified();
            {
                let mut state = self.state();
                if !state.ready {
                    state.ready = true;
                    self.ready.notify_one();
                }
                if let Some(event) = state.pending.take() {
                    return event.into_response();
                }
                if let Some(pid) = state.freeze {
                    state.frozen = true;
                    signal(pid, Signal::STOP);
                }
            }
            notified.await;
        }
    }

    fn settle(&self, id: &str, outcome: EventOutcome) -> FullResponse {
        let mut state = self.state();
        match state.current.take_if(|(current, _)| current == id) {
            // The host may have given up waiting.
            Some((_, waiting)) => drop(waiting.send(outcome)),
            None => return status(StatusCode::BAD_REQUEST),
        }
        status(StatusCode::ACCEPTED)
    }
}

impl Event {
    fn into_response(self) -> FullResponse {
        Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", self.id)
            .header("lambda-runtime-deadline-ms", self.deadline_millis)
            .header("lambda-runtime-invoked-function-arn", self.function_arn)
            .header("lambda-runtime-trace-id", self.trace)
            .body(Full::new(self.payload))
            .unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

/// Lambda's limit for a synchronous response.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// Reads a body up to Lambda's limit.
async fn body(request: Request<Incoming>) -> Option<Bytes> {
    let limited = Limited::new(request.into_body(), MAX_RESPONSE_BYTES);
    limited
        .collect()
        .await
        .ok()
        .map(http_body_util::Collected::to_bytes)
}

async fn report(request: Request<Incoming>) -> Report {
    let body = body(request).await.unwrap_or_default();
    serde_json::from_slice(&body).unwrap_or_else(|_| Report {
        error_type: "Unknown".to_owned(),
        message: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// Fails only if the process has exited, which its environment notices.
fn signal(pid: Pid, signal: Signal) {
    kill_process(pid, signal).unwrap_or_default();
}

fn too_large() -> Report {
    Report {
        error_type: "Function.ResponseSizeTooLarge".to_owned(),
        message: "the response is larger than 6 MB".to_owned(),
    }
}

fn status(status: StatusCode) -> FullResponse {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
