//! SES and one queue of SQS: what was sent, what waits, and the refusals of SES.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::backend::{Backend, Call, SUPPRESSED, operation};

/// SES and a queue. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MailServices(Arc<Mutex<State>>);

/// An entry of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// What was handed over.
    pub body: String,
    /// For how many seconds nobody receives it.
    pub delay: i64,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Value>,
    waiting: VecDeque<QueueEntry>,
    /// The code and the message of the error that SES responds with.
    refusal: Option<(String, String)>,
    /// Mails of the last 24 hours, and how many there may be.
    quota: Option<(f64, f64)>,
    /// The addresses on the suppression list.
    suppressed: BTreeSet<String>,
}

impl MailServices {
    /// Returns the requests to send a mail that were accepted.
    #[must_use]
    pub fn sent(&self) -> Vec<Value> {
        self.0.lock().unwrap().sent.clone()
    }

    /// Refuses every mail from now on with this error.
    pub fn refuse(&self, code: &str, message: &str) {
        self.0.lock().unwrap().refusal = Some((code.to_owned(), message.to_owned()));
    }

    /// Accepts mails again.
    pub fn accept(&self) {
        self.0.lock().unwrap().refusal = None;
    }

    /// Sets how many mails were sent in 24 hours, and how many there may be.
    pub fn set_quota(&self, sent: f64, most: f64) {
        self.0.lock().unwrap().quota = Some((sent, most));
    }

    /// Puts an address on the suppression list.
    pub fn suppress(&self, address: &str) {
        self.0.lock().unwrap().suppressed.insert(address.to_owned());
    }

    /// Removes the entries that wait, and returns them.
    #[must_use]
    pub fn take_waiting(&self) -> Vec<QueueEntry> {
        self.0.lock().unwrap().waiting.drain(..).collect()
    }

    /// Handles calls to SES and SQS, and leaves all others to `dynamodb`: one endpoint for
    /// all of them, as a function has it on an emulator.
    #[must_use]
    pub fn beside(&self, dynamodb: Backend) -> Backend {
        let services = self.clone();
        Backend::new(move |call| {
            let (services, dynamodb) = (services.clone(), dynamodb.clone());
            async move {
                match services.handle(&call) {
                    Some(response) => Ok(response),
                    None => dynamodb.call(call).await,
                }
            }
        })
    }

    fn handle(&self, call: &Call) -> Option<Response<Bytes>> {
        let request: Value = serde_json::from_slice(call.body()).unwrap_or_default();
        let mut state = self.0.lock().unwrap();
        match operation(call) {
            "SendEmail" => Some(state.send(request)),
            "GetAccount" => Some(state.account()),
            "GetSuppressedDestination" => Some(state.suppressed(call)),
            "SendMessage" => Some(state.enqueue(&request)),
            _ => None,
        }
    }
}

impl State {
    fn send(&mut self, request: Value) -> Response<Bytes> {
        if let Some((code, message)) = &self.refusal {
            return refuse(StatusCode::BAD_REQUEST, code, message);
        }
        self.sent.push(request);
        Response::new(Bytes::from_static(br#"{"MessageId":"1"}"#))
    }

    fn account(&self) -> Response<Bytes> {
        let (sent, most) = self.quota.unwrap_or((0.0, 50_000.0));
        let quota = json!({ "Max24HourSend": most, "MaxSendRate": 14, "SentLast24Hours": sent });
        Response::new(json!({ "SendQuota": quota }).to_string().into())
    }

    fn suppressed(&self, call: &Call) -> Response<Bytes> {
        let address = call.uri().path().trim_start_matches(SUPPRESSED);
        let address = address.replace("%40", "@");
        if !self.suppressed.contains(&address) {
            return refuse(StatusCode::NOT_FOUND, "NotFoundException", "not listed");
        }
        let entry = json!({ "EmailAddress": address, "Reason": "BOUNCE", "LastUpdateTime": 1.0 });
        Response::new(json!({ "SuppressedDestination": entry }).to_string().into())
    }

    fn enqueue(&mut self, request: &Value) -> Response<Bytes> {
        let text = |name: &str| request.get(name).and_then(Value::as_str);
        let delay = request.get("DelaySeconds").and_then(Value::as_i64);
        let delay = delay.unwrap_or_default();
        assert!((0..=900).contains(&delay), "SQS refuses a delay of {delay}");
        let body = text("MessageBody").unwrap().to_owned();
        self.waiting.push_back(QueueEntry { body, delay });
        Response::new(Bytes::from_static(br#"{"MessageId":"1"}"#))
    }
}

/// Responds with an error of SES.
fn refuse(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let refused = Response::builder().status(status);
    let refused = refused.header("x-amzn-errortype", code);
    let body = json!({ "message": message }).to_string();
    refused.body(body.into()).unwrap()
}
