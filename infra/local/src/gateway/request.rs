//! A request in the form that events have it: headers in lower case and joined,
//! cookies separate, the body as text or base64.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use hyper::body::Incoming;

use super::matching::decode;
use super::response;
use crate::server::{self, BodyError, FullResponse};
use crate::{clock, ids};

/// A request without its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) trace: String,
    pub(super) method: String,
    /// Percent-decoded, as HTTP APIs decode `rawPath` despite its name.
    pub(super) path: String,
    /// As received, without the question mark.
    pub(super) query: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) cookies: Vec<String>,
    pub(super) source_ip: String,
    pub(super) protocol: String,
    pub(super) time_millis: u64,
}

impl Head {
    pub(super) fn from_request<B>(request: &Request<B>, peer: SocketAddr, id: &str) -> Self {
        let source_ip = peer.ip().to_canonical().to_string();
        let mut headers = joined(request.headers());
        let cookies = headers.remove("cookie");
        let forwarded = match headers.get("x-forwarded-for") {
            Some(before) => format!("{before}, {source_ip}"),
            None => source_ip.clone(),
        };
        headers.insert("x-forwarded-for".to_owned(), forwarded);
        headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
        let trace = headers
            .entry("x-amzn-trace-id".to_owned())
            .or_insert_with(ids::trace_id)
            .clone();
        let split = |cookies: String| -> Vec<String> {
            let parts = cookies.split(';').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Self {
            id: id.to_owned(),
            trace,
            method: request.method().as_str().to_owned(),
            path: decode(request.uri().path()),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers,
            cookies: cookies.map(split).unwrap_or_default(),
            source_ip,
            protocol: format!("{:?}", request.version()),
            time_millis: clock::now_millis(),
        }
    }

    /// Returns the query's parameters, decoded; commas join those of the same name.
    pub(super) fn query_parameters(&self) -> BTreeMap<String, String> {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            join(&mut parameters, name.into_owned(), &value);
        }
        parameters
    }
}

/// Counts the bytes of the request line and of all header names and values.
pub(super) fn head_bytes<B>(request: &Request<B>) -> usize {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let line = request.method().as_str().len() + target + " HTTP/1.1 ".len();
    let headers = request.headers().iter();
    line + headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum::<usize>()
}

/// Reads a body up to API Gateway's limit.
///
/// # Errors
/// The gateway's own response: 413 for a longer body, 408 for a slow one, 400 for an incomplete
/// one.
pub(super) async fn read_body(body: Incoming, limit: usize) -> Result<Bytes, FullResponse> {
    let (status, text) = match server::read_body(body, limit).await {
        Ok(body) => return Ok(body),
        Err(BodyError::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        Err(BodyError::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
        Err(BodyError::Incomplete) => (StatusCode::BAD_REQUEST, "Bad Request"),
    };
    Err(server::closing(response::message(status, text)))
}

/// Text types besides `text/*`. AWS does not document them; others found them by trial.
const TEXTUAL: [&str; 3] = [
    "application/javascript",
    "application/json",
    "application/xml",
];

/// Returns a body for an event, and whether it is base64. API Gateway keeps only
/// a few types as text; forms and bodies without a type become base64.
pub(super) fn text_of(body: &[u8], content_type: Option<&str>) -> (String, bool) {
    let essence = content_type
        .and_then(|full| full.split(';').next())
        .unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let textual = essence.starts_with("text/") || TEXTUAL.contains(&essence.as_str());
    match std::str::from_utf8(body) {
        Ok(text) if textual => (text.to_owned(), false),
        Ok(_) | Err(_) => (STANDARD.encode(body), true),
    }
}

/// Headers that only concern the connection to the gateway.
const HOP_BY_HOP: [header::HeaderName; 5] = [
    header::CONNECTION,
    header::EXPECT,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, value) in headers {
        if HOP_BY_HOP.contains(name) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let separator = if name == header::COOKIE { "; " } else { "," };
        join_by(&mut all, name.as_str().to_owned(), &value, separator);
    }
    all
}

fn join(all: &mut BTreeMap<String, String>, name: String, value: &str) {
    join_by(all, name, value, ",");
}

fn join_by(all: &mut BTreeMap<String, String>, name: String, value: &str, separator: &str) {
    all.entry(name)
        .and_modify(|before| {
            before.push_str(separator);
            before.push_str(value);
        })
        .or_insert_with(|| value.to_owned());
}
