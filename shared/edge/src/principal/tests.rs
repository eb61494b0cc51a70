mod events;

use http::StatusCode;
use serde_json::{Value, json};

use super::*;

fn context() -> Value {
    json!({
        "sub": "S", "sid": "D", "jti": "J", "ver": "3", "scope": "profile read",
        "roles": "admin user", "auth_time": "1700000000", "exp": 1_700_000_900,
    })
}

fn request(authorizer: &Value, headers: &Value) -> Request {
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /protected",
        "rawPath": "/protected",
        "headers": headers,
        "requestContext": { "authorizer": authorizer, "http": { "method": "GET" } },
    });
    Request::from_json(&event.to_string()).unwrap()
}

fn behind(context: &Value) -> Result<Principal, Problem> {
    Principal::of(&request(&json!({ "lambda": context }), &json!({})), NOW)
}

#[test]
fn the_principal_is_read_from_the_authorizers_context() {
    let principal = behind(&context()).unwrap();
    assert_eq!(principal.sub.as_str(), "S");
    assert_eq!(principal.ver, 3);
    assert_eq!(principal.auth_time.unix(), 1_700_000_000);
    assert_eq!(principal.exp.unix(), 1_700_000_900);
    assert_eq!(principal.roles.to_string(), "admin user");
    assert_eq!(principal.scope.to_string(), "profile read");
}

#[test]
fn a_token_that_has_expired_since_is_401() {
    let at = |seconds| {
        let request = request(&json!({ "lambda": context() }), &json!({}));
        Principal::of(&request, Timestamp::from_unix(seconds))
    };
    assert!(at(1_700_000_899).is_ok());
    let problem = at(1_700_000_900).unwrap_err();
    assert_eq!(problem.status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_missing_or_invalid_member_is_401() {
    for name in [
        "sub",
        "sid",
        "jti",
        "ver",
        "scope",
        "roles",
        "auth_time",
        "exp",
    ] {
        for invalid in [
            None,
            Some(Value::Null),
            Some(json!({})),
            Some(json!("\u{e9}")),
            Some(json!(-0.5)),
        ] {
            let mut context = context();
            if name == "scope" && invalid.is_none() {
                continue;
            }
            match invalid {
                None => drop(context.as_object_mut().unwrap().remove(name)),
                Some(value) => context[name] = value,
            }
            let problem = behind(&context).unwrap_err();
            assert_eq!(
                problem.status(),
                StatusCode::UNAUTHORIZED,
                "{name}: {context}"
            );
        }
    }
}

#[test]
fn a_principal_whose_scope_is_missing_or_empty_has_no_scopes() {
    let mut missing = context();
    drop(missing.as_object_mut().unwrap().remove("scope"));
    let mut empty = context();
    empty["scope"] = "".into();
    for context in [missing, empty] {
        let principal = behind(&context).unwrap();
        assert!(principal.scope.is_empty(), "{context}");
        assert!(principal.require_scope("profile").is_err(), "{context}");
    }
}

#[test]
fn headers_and_other_authorizers_create_no_principal() {
    let forged = json!({ "x-user-id": "S", "x-principal": "S", "x-amzn-sub": "S", "sub": "S", "roles": "admin" });
    for authorizer in [
        Value::Null,
        json!({}),
        json!({ "lambda": null }),
        json!({ "lambda": {} }),
        json!({ "jwt": { "claims": { "sub": "S" }, "scopes": ["admin"] } }),
        context(),
    ] {
        let problem = Principal::of(&request(&authorizer, &forged), NOW).unwrap_err();
        let response = problem.into_response("id");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{authorizer}");
        assert_eq!(
            response.headers()["www-authenticate"],
            r#"Bearer realm="gatehouse""#
        );
    }
    assert!(Principal::from_request(&lambda_http::Request::default(), NOW).is_err());
}

#[test]
fn a_missing_role_or_scope_is_403() {
    let principal = behind(&context()).unwrap();
    assert!(principal.require_role("admin").is_ok() && principal.require_scope("read").is_ok());
    for refusal in [
        principal.require_role("adm"),
        principal.require_role("admin user"),
        principal.require_scope(""),
    ] {
        let problem = refusal.unwrap_err();
        assert_eq!(
            (problem.status(), problem.code()),
            (StatusCode::FORBIDDEN, "insufficient_scope")
        );
    }
}

#[test]
fn a_refusal_names_the_missing_role_or_scope() {
    let principal = behind(&context()).unwrap();
    let refusal = |refused: Result<(), Problem>| {
        let response = refused.unwrap_err().into_response("id");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        (body["detail"].clone(), challenge.to_owned())
    };
    let bare = r#"Bearer realm="gatehouse", error="insufficient_scope""#;
    assert_eq!(
        refusal(principal.require_role("editor")),
        (json!("the role `editor` is required"), bare.to_owned())
    );
    assert_eq!(
        refusal(principal.require_scope("orders:write")),
        (
            json!("the scope `orders:write` is required"),
            format!(r#"{bare}, scope="orders:write""#)
        )
    );
    for invalid in ["a\"b", "a\\b", "a b", "\u{e9}", "a\nb", ""] {
        let (_, challenge) = refusal(principal.require_scope(invalid));
        assert_eq!(challenge, bare, "{invalid:?}");
    }
}

const NOW: Timestamp = Timestamp::from_unix(1_700_000_500);

#[test]
fn the_audit_event_of_a_refusal_has_what_the_gateway_reported() {
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /admin",
        "rawPath": "/admin",
        "requestContext": {
            "authorizer": { "lambda": context() },
            "http": { "method": "GET", "sourceIp": "203.0.113.7", "userAgent": "curl" },
            "requestId": "R",
        },
    });
    let request = Request::from_json(&event.to_string()).unwrap();
    let principal = Principal::of(&request, NOW).unwrap();
    let client = ClientInfo {
        ip: Some("203.0.113.7".into()),
        user_agent: Some("curl".into()),
        request_id: Some("R".into()),
    };
    assert_eq!(principal.client, client);
}

#[test]
fn the_audit_event_of_your_own_function_has_the_client_address() {
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /reports",
        "rawPath": "/reports",
        "headers": { "cloudfront-viewer-address": "2001:db8::1:46532" },
        "requestContext": {
            "authorizer": { "lambda": context() },
            "http": { "method": "GET", "sourceIp": "192.0.2.7" },
        },
    });
    let request = Request::from_json(&event.to_string()).unwrap();
    let address = |mode| {
        let environment = Environment::from_pairs([("CLIENT_ADDRESS", mode)]);
        let source = ClientAddress::from_environment(&environment).unwrap();
        let mut principal = Principal::from_request(request.http(), NOW).unwrap();
        principal.resolve_address(request.http(), &source);
        principal.client.ip
    };
    assert_eq!(address("connection").as_deref(), Some("192.0.2.7"));
    assert_eq!(address("cloudfront").as_deref(), Some("2001:db8::1"));
    assert_eq!(address("header:x-absent").as_deref(), Some("192.0.2.7"));
}
