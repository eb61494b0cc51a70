use std::path::PathBuf;

use gatehouse_auth::time::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::config::Environment;
use crate::principal::Principal;
use crate::request::{Fields, Request};

struct App;

/// Reads everything that a request has.
fn read_everything(request: &Request) -> Response {
    let any = |fields: &mut Fields| (fields.text("a"), fields.optional_text("b"));
    let said = (
        request.json(any).is_ok(),
        request.json_or_empty(any).is_ok(),
        request.form_or_json(any).is_ok(),
        Principal::of(request, Timestamp::from_unix(0)).is_ok(),
        request.client_address().to_owned(),
        request.user_agent().to_owned(),
        (
            request.path().to_owned(),
            request.method().to_string(),
            request.route().to_owned(),
        ),
    );
    response::json(http::StatusCode::OK, &json!(format!("{said:?}")))
}

async fn ask(event: &str) -> Response {
    let handle = |_: &App, request: &Request| Ok::<_, Problem>(read_everything(request));
    respond(&App, &handle, &ClientAddress::default(), event, context()).await
}

fn context() -> Context {
    let mut context = Context::default();
    context.request_id = "lambda-id".to_owned();
    context
}

/// The events that API Gateway's documentation shows, by file name.
fn events() -> Vec<(String, Value)> {
    let vectors = Environment::read().text("GATEHOUSE_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let files = std::fs::read_dir(vectors.join("apigw-events")).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                event,
            )
        })
        .collect()
}

/// JSON pointers to every member and element of a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, child)| (i.to_string(), child))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    };
    for (name, child) in children {
        let pointer = format!("{at}/{name}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn without(event: &Value, pointer: &str) -> Value {
    let mut event = event.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match event.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => unreachable!(),
    }
    event
}

#[tokio::test]
async fn an_http_api_request_gets_a_response_and_anything_else_is_400() {
    let events = events();
    assert!(events.len() > 20);
    for (name, event) in events {
        let http_api = event["version"] == "2.0";
        let response = ask(&event.to_string()).await;
        assert_eq!(
            response.status().as_u16(),
            if http_api { 200 } else { 400 },
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_event_with_any_field_missing_or_mistyped_never_panics() {
    let mut tried = 0;
    for (name, event) in events() {
        let mut found = vec![];
        pointers(&event, "", &mut found);
        for pointer in found {
            let mut changed = vec![without(&event, &pointer)];
            for invalid in [
                json!(null),
                json!(-1),
                json!(""),
                json!([{}]),
                json!({ "\u{0}": "\r\n" }),
                json!(true),
            ] {
                let mut event = event.clone();
                *event.pointer_mut(&pointer).unwrap() = invalid;
                changed.push(event);
            }
            for event in changed {
                let status = ask(&event.to_string()).await.status().as_u16();
                assert!([200, 400].contains(&status), "{name} {pointer}: {status}");
                tried += 1;
            }
        }
    }
    assert!(tried > 1000);
}

#[tokio::test]
async fn text_that_is_not_an_event_is_400_with_lambdas_own_request_id() {
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{\"version\":\"2.0\"}",
        "{\"version\":2}",
    ] {
        let response = ask(text).await;
        assert_eq!(response.status(), 400, "{text}");
        assert_eq!(response.headers()["x-request-id"], "lambda-id");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
}

/// A request with the id `gateway-id`.
fn request() -> String {
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /x",
        "rawPath": "/x",
        "requestContext": { "requestId": "gateway-id", "http": { "method": "GET" } },
    });
    event.to_string()
}

#[tokio::test]
async fn the_error_of_a_handler_becomes_the_response_to_its_request() {
    let plain = |_: &App, _: &Request| Err::<Response, _>(Problem::not_found());
    let awaited = |_: &App, _: &Request| async { Err::<Response, _>(Problem::not_found()) };
    let connection = ClientAddress::default();
    for response in [
        respond(&App, &plain, &connection, &request(), context()).await,
        respond(&App, &awaited, &connection, &request(), context()).await,
    ] {
        assert_eq!(response.status(), 404);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["request_id"], "gateway-id");
    }
}

#[tokio::test]
async fn a_response_becomes_payload_2_0_with_the_common_headers() {
    let empty = |_: &App, _: &Request| async { Ok::<_, Problem>(response::no_content()) };
    let connection = ClientAddress::default();
    let response = respond(&App, &empty, &connection, &request(), context()).await;
    let payload = serde_json::to_string_pretty(&Payload::from(response)).unwrap();
    insta::assert_snapshot!(payload, @r#"
    {
      "statusCode": 204,
      "headers": {
        "cache-control": "no-store",
        "pragma": "no-cache",
        "x-content-type-options": "nosniff",
        "x-request-id": "gateway-id"
      },
      "body": "",
      "isBase64Encoded": false
    }
    "#);
}

#[test]
fn cookies_are_beside_the_headers_of_a_payload() {
    let mut response = response::no_content();
    for cookie in ["a=1; Path=/", "b=2; Path=/"] {
        let cookie = http::HeaderValue::from_static(cookie);
        response.headers_mut().append("set-cookie", cookie);
    }
    let payload = serde_json::to_value(Payload::from(response)).unwrap();
    assert_eq!(payload["cookies"], json!(["a=1; Path=/", "b=2; Path=/"]));
    assert_eq!(payload["headers"], json!({}));
}

#[test]
fn a_binary_body_is_encoded_as_base64() {
    let payload = Payload::from(Response::new(lambda_http::Body::Binary(vec![0xff, 0])));
    assert!(payload.is_base64_encoded);
    assert_eq!(payload.body, "/wA=");
}

#[test]
fn only_the_event_of_a_schedule_is_one() {
    let scheduled = json!({
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
    });
    assert!(is_of_a_schedule(&scheduled.to_string()));
    let mut request = scheduled.clone();
    request["requestContext"] = json!({});
    let other = json!({ "source": "aws.events", "detail-type": "Other" });
    let inside = json!({ "body": scheduled.to_string(), "requestContext": {} });
    for event in [request, other, inside, json!([]), json!(null)] {
        assert!(!is_of_a_schedule(&event.to_string()), "{event}");
    }
}

#[tokio::test]
async fn a_request_without_time_left_is_503_at_once() {
    let mut late = context();
    late.deadline = Clock::System.now_millis();
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /",
        "rawPath": "/",
        "headers": {},
        "requestContext": {
            "http": { "method": "GET", "path": "/", "sourceIp": "192.0.2.1" },
            "requestId": "id",
        },
    });
    let plain = |_: &App, _: &Request| Ok::<_, Problem>(response::no_content());
    let address = ClientAddress::default();
    let response = respond(&App, &plain, &address, &event.to_string(), late).await;
    assert_eq!(response.status(), 503);
}
