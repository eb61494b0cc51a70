//! CORS, as API Gateway implements `CorsConfiguration`.

use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::server::FullResponse;
use crate::template::Cors;

/// Returns the response to a preflight, without the origin, which [`allow`] adds.
pub(super) fn preflight(cors: &Cors, origin: Option<&HeaderValue>) -> FullResponse {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if allowed(cors, origin).is_none() {
        return response;
    }
    let age = cors.max_age.map(|age| age.to_string());
    let lines = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            Some(cors.methods.join(",")),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            Some(cors.headers.join(",")),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, age),
    ];
    for (name, value) in lines {
        let value = value.filter(|value| !value.is_empty());
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Replaces the function's CORS headers with the gateway's.
pub(super) fn allow(cors: &Cors, origin: Option<&HeaderValue>, response: &mut FullResponse) {
    let headers = response.headers_mut();
    for name in [
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
    ] {
        headers.remove(name);
    }
    let Some(origin) = allowed(cors, origin) else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if cors.credentials {
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    }
    if let Ok(exposed) = HeaderValue::try_from(cors.exposed.join(","))
        && !exposed.is_empty()
    {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// Returns the value of `access-control-allow-origin`, if the origin is allowed.
fn allowed(cors: &Cors, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    let origin = origin?;
    let text = origin.to_str().ok()?;
    let matches = |pattern: &String| match pattern.strip_suffix("://*") {
        Some(scheme) => text.split_once("://").is_some_and(|(own, _)| own == scheme),
        None => pattern == text,
    };
    if cors.origins.iter().any(|pattern| pattern == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    cors.origins.iter().any(matches).then(|| origin.clone())
}
