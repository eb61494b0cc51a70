//! The stand-in for Amazon SQS: what a function sends to a queue, in the JSON protocol.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ServiceRequest;
use crate::gateway;
use crate::queues::{Queues, md5_of};
use crate::server::FullResponse;

/// The queues, for senders.
#[derive(Debug)]
pub(super) struct Sqs(Arc<Queues>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<u64>,
}

/// Amazon SQS's limit of a delay.
const MAX_DELAY_SECONDS: u64 = 900;

impl Sqs {
    pub(super) fn new(queues: Arc<Queues>) -> Self {
        Self(queues)
    }

    pub(super) fn respond(&self, request: &ServiceRequest) -> FullResponse {
        let target = request.parts.headers.get("x-amz-target");
        if self.0.is_unreachable() {
            let text = "the queues are unavailable";
            return refused(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text);
        }
        if target.is_none_or(|target| target != "AmazonSQS.SendMessage") {
            let text = "the local stack only supports SendMessage";
            return refused(StatusCode::BAD_REQUEST, "UnsupportedOperation", text);
        }
        match serde_json::from_slice(&request.body) {
            Ok(message) => self.send(message),
            Err(error) => {
                let text = error.to_string();
                refused(StatusCode::BAD_REQUEST, "InvalidParameterValue", &text)
            }
        }
    }

    fn send(&self, message: SendMessage) -> FullResponse {
        let name = message.queue_url.rsplit('/').next().unwrap_or_default();
        if !self.0.has(name) {
            let text = "the specified queue does not exist";
            return refused(StatusCode::BAD_REQUEST, "QueueDoesNotExist", text);
        }
        let too_long = |delay: u64| delay > MAX_DELAY_SECONDS;
        if message.delay_seconds.is_some_and(too_long) || message.message_body.is_empty() {
            let text = "DelaySeconds must be at most 900, and MessageBody must not be empty";
            return refused(StatusCode::BAD_REQUEST, "InvalidParameterValue", text);
        }
        let md5 = md5_of(&message.message_body);
        let delay = message.delay_seconds.map(Duration::from_secs);
        match self.0.send(name, message.message_body, delay) {
            Ok(id) => response(
                StatusCode::OK,
                &json!({ "MessageId": id, "MD5OfMessageBody": md5 }),
            ),
            Err(text) => refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", &text),
        }
    }
}

fn refused(status: StatusCode, code: &str, text: &str) -> FullResponse {
    let kind = format!("com.amazonaws.sqs#{code}");
    response(status, &json!({ "__type": kind, "message": text }))
}

fn response(status: StatusCode, body: &Value) -> FullResponse {
    let mut response = gateway::json(status, body);
    let media_type = HeaderValue::from_static("application/x-amz-json-1.0");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}
