//! CORS, as API Gateway does it by `CorsConfiguration`.

use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::server::FullResponse;
use crate::template::Cors;

/// The answer to a preflight; the origin is added like everywhere.
pub(super) fn preflight(cors: &Cors, origin: Option<&HeaderValue>) -> FullResponse {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    if allowed(cors, origin).is_none() {
        return answer;
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
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// Puts the gateway's headers in place of whatever the function said.
pub(super) fn allow(cors: &Cors, origin: Option<&HeaderValue>, answer: &mut FullResponse) {
    let headers = answer.headers_mut();
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

/// What `access-control-allow-origin` says to an origin; nothing to a foreign one.
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
