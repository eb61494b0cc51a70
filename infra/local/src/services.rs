//! Stand-ins for the AWS services that a stack needs besides DynamoDB, below
//! `/_gatehouse/aws/` of the gateway's own port.

mod mail;
mod ses;
mod ses_api;
mod sqs;

use std::sync::Arc;

use http::{Request, StatusCode};
use hyper::body::Incoming;

pub use mail::Mail;
pub use ses::{Ses, SesBehaviour};

use crate::aws::SERVICES;
use crate::gateway;
use crate::log::Log;
use crate::queues::Queues;
use crate::server::{FullResponse, read_body};
use sqs::Sqs;

/// The stand-ins of one stack.
#[derive(Debug)]
pub(crate) struct Services {
    sqs: Sqs,
    ses: Ses,
    log: Log,
}

/// A request with its whole body.
#[derive(Debug)]
struct ServiceRequest {
    parts: http::request::Parts,
    body: bytes::Bytes,
}

/// More than a mail or a message of ours will ever have.
const MAX_BODY_BYTES: usize = 1024 * 1024;

impl Services {
    pub(crate) fn new(queues: Arc<Queues>, ses: Ses, log: &Log) -> Self {
        Self {
            sqs: Sqs::new(queues),
            ses,
            log: log.clone(),
        }
    }

    /// Responds to a request of an AWS SDK.
    pub(crate) async fn respond(&self, request: Request<Incoming>) -> FullResponse {
        let (parts, body) = request.into_parts();
        let Ok(body) = read_body(body, MAX_BODY_BYTES).await else {
            let text = "the body is incomplete or has more than 1 MB";
            return gateway::message(StatusCode::PAYLOAD_TOO_LARGE, text);
        };
        let path = parts.uri.path().to_owned();
        let request = ServiceRequest { parts, body };
        match path.strip_prefix(SERVICES).unwrap_or_default() {
            rest if rest == "sqs" || rest.starts_with("sqs/") => self.sqs.respond(&request),
            rest => match rest.strip_prefix("ses") {
                Some(path) if path.starts_with('/') => {
                    self.ses.respond(&request, path, &self.log).await
                }
                Some(_) | None => gateway::message(StatusCode::NOT_FOUND, "Not Found"),
            },
        }
    }
}

/// Returns the variables that lead an AWS SDK to the stand-ins of a stack.
pub(crate) fn endpoints(api: &str) -> [(&'static str, String); 2] {
    [
        ("AWS_ENDPOINT_URL_SESV2", format!("{api}{SERVICES}ses")),
        ("AWS_ENDPOINT_URL_SQS", format!("{api}{SERVICES}sqs")),
    ]
}

#[cfg(test)]
mod tests;
