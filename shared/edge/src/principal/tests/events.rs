//! Requests of every kind of API, through the conversion that `lambda_http::run` uses.

use std::path::PathBuf;

use http::StatusCode;
use lambda_http::request;
use serde_json::{Value, json};

use super::{NOW, context};
use crate::config::Environment;
use crate::principal::Principal;

/// API Gateway turns every value into a string, except in payload 2.0.
fn texts() -> Value {
    let mut texts = json!({ "principalId": "S", "integrationLatency": 12 });
    for (name, value) in context().as_object().unwrap() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        texts[name] = text.into();
    }
    texts
}

/// The sample event with that name, and what the authorizer returned.
fn sample(name: &str, authorizer: &Value) -> Value {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let vectors = Environment::read()
        .text("GATEHOUSE_VECTORS")
        .map_or_else(|| beside.into(), PathBuf::from);
    let path = vectors.join("apigw-events").join(name);
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    event["requestContext"]["authorizer"] = authorizer.clone();
    event
}

/// What API Gateway sends for `$connect`; there is no sample of it.
fn websocket(authorizer: &Value) -> Value {
    json!({
        "headers": { "Host": "example.execute-api.eu-west-1.amazonaws.com" },
        "multiValueHeaders": { "Host": ["example.execute-api.eu-west-1.amazonaws.com"] },
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "messageDirection": "IN",
            "connectionId": "C", "connectedAt": 1_700_000_000_000_i64, "stage": "live",
            "requestId": "R", "extendedRequestId": "E", "apiId": "A",
            "domainName": "example.execute-api.eu-west-1.amazonaws.com",
            "requestTime": "14/Nov/2023:22:13:20 +0000", "requestTimeEpoch": 1_700_000_000_000_i64,
            "identity": { "sourceIp": "203.0.113.7", "userAgent": "curl" },
            "authorizer": authorizer,
        },
        "isBase64Encoded": false,
    })
}

fn principal(event: &Value) -> Result<Principal, StatusCode> {
    let request = request::from_str(&event.to_string()).unwrap();
    Principal::from_request(&request, NOW).map_err(|problem| problem.status())
}

/// An event of each kind, given what the authorizer returned: for those that contain it
/// directly, and for those that contain it under `lambda`.
fn events(direct: &Value, lambda: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("REST", sample("example-apigw-request.json", direct)),
        (
            "REST, SAM",
            sample("example-apigw-sam-rest-request.json", direct),
        ),
        (
            "REST, OpenAPI",
            sample("example-apigw-restapi-openapi-request.json", direct),
        ),
        (
            "REST, console",
            sample("example-apigw-console-test-request.json", direct),
        ),
        ("payload 1.0", payload_1(direct)),
        (
            "payload 2.0",
            sample("example-apigw-v2-request-lambda-authorizer.json", lambda),
        ),
        (
            "payload 2.0, SAM",
            sample("example-apigw-sam-http-request.json", lambda),
        ),
        ("WebSocket", websocket(direct)),
    ]
}

/// A REST event with a version, and the `requestContext` of API Gateway's samples.
fn payload_1(authorizer: &Value) -> Value {
    let mut event = sample("example-apigw-sam-rest-request.json", authorizer);
    event["version"] = "1.0".into();
    event["requestContext"]["identity"] = json!({ "sourceIp": "203.0.113.7", "userAgent": "curl" });
    event
}

#[test]
fn every_kind_of_api_yields_the_same_principal() {
    let lambda = json!({ "lambda": context() });
    for (kind, event) in events(&texts(), &lambda) {
        let principal = principal(&event).unwrap_or_else(|status| panic!("{kind}: {status}"));
        assert_eq!(principal.sub.as_str(), "S", "{kind}");
        assert_eq!(principal.ver, 3, "{kind}");
        assert_eq!(principal.exp.unix(), 1_700_000_900, "{kind}");
        assert_eq!(principal.roles.to_string(), "admin user", "{kind}");
        assert_eq!(principal.scope.to_string(), "profile read", "{kind}");
    }
}

#[test]
fn no_kind_of_api_yields_a_principal_from_another_authorizer() {
    let mut held = texts();
    held.as_object_mut().unwrap().remove("integrationLatency");
    let claims = json!({ "claims": held, "scopes": ["profile"], "principalId": "S" });
    let jwt = json!({ "jwt": { "claims": held, "scopes": ["profile"] } });
    for (kind, event) in events(&claims, &jwt)
        .into_iter()
        .chain(events(&Value::Null, &texts()))
    {
        let refused = principal(&event).err();
        assert_eq!(refused, Some(StatusCode::UNAUTHORIZED), "{kind}");
    }
}

#[test]
fn what_the_gateway_reported_is_kept_for_every_kind_of_api() {
    for event in [payload_1(&texts()), websocket(&texts())] {
        let client = principal(&event).unwrap().client;
        assert_eq!(client.ip.as_deref(), Some("203.0.113.7"));
        assert_eq!(client.user_agent.as_deref(), Some("curl"));
        assert!(client.request_id.is_some());
    }
}

/// The authorizer of a WebSocket API runs once, at `$connect`; its context comes with every
/// message, and outlives the token.
#[test]
fn a_message_on_a_connection_that_outlives_its_token_is_401() {
    let mut authorizer = texts();
    let expired = NOW.unix().to_string();
    authorizer["exp"] = expired.into();
    let mut message = websocket(&authorizer);
    message["requestContext"]["eventType"] = json!("MESSAGE");
    message["requestContext"]["routeKey"] = json!("$default");
    assert_eq!(principal(&message).unwrap_err(), StatusCode::UNAUTHORIZED);
    let still_valid = (NOW.unix() + 1).to_string();
    message["requestContext"]["authorizer"]["exp"] = still_valid.into();
    assert!(principal(&message).is_ok());
}
