//! Responses: those made from a function's, and the gateway's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use crate::server::FullResponse;

/// Returns a response of the gateway's own, byte for byte as API Gateway's.
pub(crate) fn message(status: StatusCode, text: &str) -> FullResponse {
    json(status, &json!({ "message": text }))
}

/// Returns a response with a JSON body.
pub(crate) fn json(status: StatusCode, body: &Value) -> FullResponse {
    let mut reply = Response::new(Full::new(Bytes::from(body.to_string())));
    *reply.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(header::CONTENT_TYPE, json);
    reply
}

/// All that a client learns when a function fails.
pub(super) fn internal() -> FullResponse {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// Parses a function's response in format 2.0.
///
/// # Errors
/// What is wrong with it, for the log; the client only gets a 500.
pub(super) fn from_function(response: &[u8]) -> Result<FullResponse, String> {
    let value: Value =
        serde_json::from_slice(response).map_err(|e| format!("it is not JSON: {e}"))?;
    match value {
        Value::Object(fields) if fields.contains_key("statusCode") => proxied(&fields),
        // Without a status, the JSON is the body.
        Value::Object(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_) => {
            let mut reply = Response::new(Full::new(Bytes::copy_from_slice(response)));
            let json = HeaderValue::from_static("application/json");
            reply.headers_mut().insert(header::CONTENT_TYPE, json);
            Ok(reply)
        }
    }
}

/// Headers that the gateway sets itself.
const OWN: [HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::DATE,
    header::TRANSFER_ENCODING,
];

fn proxied(fields: &Map<String, Value>) -> Result<FullResponse, String> {
    let body = body(fields)?;
    let empty = body.is_empty();
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status(fields.get("statusCode"))?;
    let headers = reply.headers_mut();
    if let Some(given) = present(fields, "headers") {
        let given = given.as_object().ok_or("headers is not an object")?;
        for (name, value) in given {
            let name =
                HeaderName::try_from(name).map_err(|_| format!("{name:?} is not a header name"))?;
            if !OWN.contains(&name) {
                headers.insert(name, header_value(value)?);
            }
        }
    }
    if let Some(cookies) = present(fields, "cookies") {
        for cookie in cookies.as_array().ok_or("cookies is not a list")? {
            headers.append(header::SET_COOKIE, header_value(cookie)?);
        }
    }
    if !empty && !headers.contains_key(header::CONTENT_TYPE) {
        let plain = HeaderValue::from_static("text/plain;charset=UTF-8");
        headers.insert(header::CONTENT_TYPE, plain);
    }
    if matches!(
        reply.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    ) {
        *reply.body_mut() = Full::default();
    }
    Ok(reply)
}

fn status(value: Option<&Value>) -> Result<StatusCode, String> {
    let code = value
        .and_then(Value::as_u64)
        .filter(|code| (200..600).contains(code));
    let code = code.and_then(|code| u16::try_from(code).ok());
    code.and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| "statusCode is not an HTTP status".to_owned())
}

fn body(fields: &Map<String, Value>) -> Result<Bytes, String> {
    let Some(body) = present(fields, "body") else {
        return Ok(Bytes::new());
    };
    let text = body.as_str().ok_or("body is not a string")?;
    match present(fields, "isBase64Encoded") {
        Some(Value::Bool(true)) => {
            let decoded = STANDARD.decode(text).map_err(|_| "body is not base64")?;
            Ok(Bytes::from(decoded))
        }
        None | Some(Value::Bool(false)) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        Some(
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        ) => Err("isBase64Encoded is not a boolean".to_owned()),
    }
}

fn header_value(value: &Value) -> Result<HeaderValue, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err("a header value is not text".to_owned());
        }
    };
    HeaderValue::try_from(text)
        .map_err(|_| "a header value contains characters that HTTP does not allow".to_owned())
}

/// Returns a member that exists and is not null.
fn present<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}
