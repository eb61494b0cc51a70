//! Converts an HTTP API's event (payload 2.0) to a request, without a panic whatever the
//! event contains.
//!
//! The conversion in `lambda_http` panics on a body that is not base64, and on an invalid
//! host or query; a panic ends the process.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Context, RequestExt};
use serde::Deserialize;

use crate::address::{ClientAddress, address};
use crate::request::{BodyFault, MAX_BODY_BYTES, Meta, Request};

/// The only payload version that is supported.
const VERSION: &str = "2.0";

/// Why an event is not a request. The text never repeats anything from the event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The event is not payload version 2.0.
    #[error("the event is not payload version 2.0: set PayloadFormatVersion to 2.0")]
    Version,
    /// A member is missing or of the wrong type.
    #[error("the event is malformed at line {line}, column {column}")]
    Malformed {
        /// The line in the event's JSON.
        line: usize,
        /// The column in that line.
        column: usize,
    },
}

impl Request {
    /// Reads an event's JSON, for tests of handlers. The client's address is the
    /// connection's.
    ///
    /// # Errors
    /// If the event is not an HTTP API's, in payload version 2.0.
    pub fn from_json(json: &str) -> Result<Self, EventError> {
        read(json, Context::default(), &ClientAddress::default())
    }
}

/// Reads one event; `context` comes from Lambda.
pub(crate) fn read(
    json: &str,
    context: Context,
    client_address: &ClientAddress,
) -> Result<Request, EventError> {
    let event: Event = serde_json::from_str(json).map_err(|error| shape_error(json, &error))?;
    if event.version != VERSION {
        return Err(EventError::Version);
    }
    let body = match event.body {
        Some(text) => body(text, event.is_base64_encoded),
        None => Ok(Body::Empty),
    };
    let (body, fault) = match body {
        Ok(body) => (body, None),
        Err(fault) => (Body::Empty, Some(fault)),
    };
    let gateway = event.request_context;
    let headers = headers(event.headers.unwrap_or_default());
    let connection = gateway.http.source_ip.as_deref().and_then(address);
    let client_address = client_address.resolve(&headers, connection);
    let meta = Meta {
        route: event.route_key,
        request_id: gateway
            .request_id
            .clone()
            .unwrap_or_else(|| context.request_id.clone()),
        client_address: client_address.map(|ip| ip.to_string()).unwrap_or_default(),
        user_agent: gateway.http.user_agent.clone().unwrap_or_default(),
        path_parameters: event.path_parameters.unwrap_or_default(),
        query: event.raw_query_string.clone(),
        cookies: event.cookies.unwrap_or_default(),
        body: fault,
    };

    let mut http = http::Request::new(body);
    *http.method_mut() = gateway.http.method.clone();
    *http.uri_mut() = uri(&event.raw_path, &event.raw_query_string);
    *http.headers_mut() = headers;
    let http = http
        .with_raw_http_path(event.raw_path)
        .with_request_context(RequestContext::ApiGatewayV2(gateway))
        .with_lambda_context(context);
    Ok(Request::new(http, meta))
}

/// Decodes the body, unless its length shows that it is over the limit.
fn body(text: String, is_base64: bool) -> Result<Body, BodyFault> {
    let decoded_bytes = if is_base64 {
        text.len() / 4 * 3
    } else {
        text.len()
    };
    // Padding makes the estimate at most two bytes too high.
    if decoded_bytes > MAX_BODY_BYTES + 2 {
        return Err(BodyFault::TooLarge);
    }
    let body = if is_base64 {
        Body::Binary(STANDARD.decode(text).map_err(|_| BodyFault::Base64)?)
    } else {
        Body::Text(text)
    };
    if body.len() > MAX_BODY_BYTES {
        return Err(BodyFault::TooLarge);
    }
    Ok(body)
}

/// Replaces an invalid path by `/`: routes are distinguished by the route key.
fn uri(path: &str, query: &str) -> Uri {
    let text = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    Uri::try_from(text)
        .or_else(|_| Uri::try_from(path))
        .unwrap_or_else(|_| Uri::from_static("/"))
}

/// Leaves out what cannot be an HTTP header, and headers beyond what a map can hold.
fn headers(raw: HashMap<String, String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in raw {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            let _ = headers.try_append(name, value);
        }
    }
    headers
}

fn shape_error(json: &str, error: &serde_json::Error) -> EventError {
    #[derive(Deserialize)]
    struct Probe {
        version: String,
    }
    match serde_json::from_str::<Probe>(json) {
        Ok(probe) if probe.version == VERSION => EventError::Malformed {
            line: error.line(),
            column: error.column(),
        },
        Ok(_) | Err(_) => EventError::Version,
    }
}

/// The members that we read; `lambda_http` has a type for the context.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    version: String,
    route_key: String,
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    headers: Option<HashMap<String, String>>,
    /// Payload 2.0 has the cookies here, and no header `cookie`.
    cookies: Option<Vec<String>>,
    path_parameters: Option<HashMap<String, String>>,
    request_context: ApiGatewayV2httpRequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}
