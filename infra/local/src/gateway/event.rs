//! Events of payload format 2.0, for functions and for the authorizer.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::matching::RouteMatch;
use super::request::{Head, text_of};
use crate::aws;

/// Returns the event for a function; `context` comes from the authorizer.
pub(super) fn for_function(
    api: &str,
    matched: &RouteMatch<'_>,
    head: &Head,
    body: &Bytes,
    context: Option<Value>,
) -> Value {
    let mut event = common(api, matched, head);
    if let Some(context) = context
        && let Some(Value::Object(request)) = event.get_mut("requestContext")
    {
        request.insert("authorizer".to_owned(), json!({ "lambda": context }));
    }
    let mut base64 = false;
    if !body.is_empty() {
        let content_type = head.headers.get("content-type").map(String::as_str);
        let (text, encoded) = text_of(body, content_type);
        event.insert("body".to_owned(), json!(text));
        base64 = encoded;
    }
    event.insert("isBase64Encoded".to_owned(), json!(base64));
    Value::Object(event)
}

/// Returns the event for an authorizer, which never gets the body.
pub(super) fn for_authorizer(
    api: &str,
    matched: &RouteMatch<'_>,
    head: &Head,
    identity: &[String],
) -> Value {
    let mut event = common(api, matched, head);
    event.insert("type".to_owned(), json!("REQUEST"));
    event.insert("identitySource".to_owned(), json!(identity));
    let route = format!("{api}/$default/{}{}", head.method, head.path);
    event.insert(
        "routeArn".to_owned(),
        json!(aws::arn("execute-api", &route)),
    );
    Value::Object(event)
}

fn common(api: &str, matched: &RouteMatch<'_>, head: &Head) -> Map<String, Value> {
    let route_key = matched.route.key.to_string();
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    put("version", json!("2.0"));
    put("routeKey", json!(route_key));
    put("rawPath", json!(head.path));
    put("rawQueryString", json!(head.query));
    put("headers", json!(head.headers));
    put("requestContext", context(api, &route_key, head));
    if !head.cookies.is_empty() {
        put("cookies", json!(head.cookies));
    }
    if !head.query.is_empty() {
        put("queryStringParameters", json!(head.query_parameters()));
    }
    if !matched.parameters.is_empty() {
        put("pathParameters", json!(matched.parameters));
    }
    event
}

fn context(api: &str, route_key: &str, head: &Head) -> Value {
    json!({
        "accountId": aws::ACCOUNT,
        "apiId": api,
        "domainName": "localhost",
        "domainPrefix": "localhost",
        "http": {
            "method": head.method,
            "path": head.path,
            "protocol": head.protocol,
            "sourceIp": head.source_ip,
            "userAgent": head.headers.get("user-agent").map_or("", String::as_str),
        },
        "requestId": head.id,
        "routeKey": route_key,
        "stage": "$default",
        "time": access_log_time(head.time_millis),
        "timeEpoch": head.time_millis,
    })
}

/// Formats a time as access logs do: `12/Mar/2020:19:03:58 +0000`.
fn access_log_time(millis: u64) -> String {
    let seconds = i64::try_from(millis / 1000).unwrap_or(0);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut month = time.month().to_string();
    month.truncate(3);
    let (day, year) = (time.day(), time.year());
    let (hour, minute, second) = time.to_hms();
    format!("{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} +0000")
}
