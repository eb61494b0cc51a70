use lambda_http::Context;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::ClientAddress;
use crate::config::Environment;
use crate::error::{IntoResponse as _, OauthError, Problem};
use crate::event;

/// An event with a body and a content type, as changed by `change`.
fn event(content_type: &str, body: &str, change: impl FnOnce(&mut Value)) -> Request {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "POST /x",
        "rawPath": "/x",
        "headers": { "content-type": content_type },
        "requestContext": {
            "requestId": "id",
            "http": { "method": "POST", "sourceIp": "192.0.2.7", "userAgent": "curl/8" },
        },
        "body": body,
    });
    change(&mut event);
    Request::from_json(&event.to_string()).unwrap()
}

fn post(content_type: &str, body: &str) -> Request {
    event(content_type, body, |_| ())
}

fn base64(content: &str) -> Request {
    event("application/json", content, |event| {
        event["isBase64Encoded"] = true.into();
    })
}

fn read(fields: &mut Fields) -> (String, String, Option<String>) {
    let secret = fields.secret("password").expose_secret().to_owned();
    (
        fields.text("username"),
        secret,
        fields.optional_text("email"),
    )
}

fn refusal(request: &Request) -> (u16, &'static str) {
    let problem: Problem = request.json(read).unwrap_err();
    (problem.status().as_u16(), problem.code())
}

const VALID: &str = r#"{"username":"ada","password":"secret","email":null}"#;

#[test]
fn declared_fields_are_read() {
    let expected = ("ada".to_owned(), "secret".to_owned(), None);
    assert_eq!(
        post("application/json", VALID).json(read).unwrap(),
        expected
    );
    let encoded = "eyJ1c2VybmFtZSI6ImFkYSIsInBhc3N3b3JkIjoic2VjcmV0In0=";
    assert_eq!(base64(encoded).json(read).unwrap(), expected);
}

#[test]
fn an_undeclared_field_is_named_and_a_query_is_refused() {
    let errors = |request: &Request| {
        let response = request.json(read).unwrap_err().into_response("id");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        body["errors"].to_string()
    };
    let body = VALID.replace("null", r#"null,"role":"admin""#);
    insta::assert_snapshot!(errors(&post("application/json", &body)), @r#"[{"code":"unknown_field","detail":"is not a field of this request: it has password, username, email","field":"role"}]"#);
    let queried = event("application/json", VALID, |event| {
        event["rawQueryString"] = "email=a%40b.example".into();
    });
    insta::assert_snapshot!(errors(&queried), @r#"[{"code":"unknown_parameter","detail":"is not a query parameter of this request, which has none","field":"email"}]"#);
    let empty = event("", "", |event| {
        event["rawQueryString"] = "scope=global".into();
    });
    let scope = empty.json_or_empty(|fields| fields.optional_text("scope"));
    assert_eq!(scope.unwrap_err().code(), "validation_failed");
}

#[test]
fn every_invalid_field_is_named_at_once() {
    let request = post("application/json", r#"{"username":null,"email":[1]}"#);
    let response = request.json(read).unwrap_err().into_response("id");
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    insta::assert_snapshot!(body["errors"].to_string(), @r#"[{"code":"missing","detail":"is missing","field":"password"},{"code":"missing","detail":"is missing","field":"username"},{"code":"wrong_type","detail":"must be a string","field":"email"}]"#);
}

#[test]
fn invalid_syntax_is_400() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\u{feff}{}",
        "{} {}",
        r#"{"username":"a","username":"b"}"#,
        r#"{"username":"\ud800"}"#,
        &format!(r#"{{"x":{}}}"#, deep(33)),
        &deep(8000),
        r#"{"x":1e999}"#,
    ] {
        assert_eq!(
            refusal(&post("application/json", body)),
            (400, "invalid_json"),
            "{body}"
        );
    }
    // No base64, no UTF-8, and gzip.
    for body in ["%%%", "eyJ", "//79", "H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA=="] {
        assert_eq!(refusal(&base64(body)), (400, "invalid_json"), "{body}");
    }
}

#[test]
fn other_content_types_are_415() {
    for other in [
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
    ] {
        assert_eq!(
            refusal(&post(other, VALID)),
            (415, "unsupported_media_type"),
            "{other:?}"
        );
    }
    let bare = event("", VALID, |event| event["headers"] = json!({}));
    assert_eq!(refusal(&bare), (415, "unsupported_media_type"));
}

#[test]
fn a_body_over_16_kib_is_413_before_it_is_parsed() {
    let blanks = |length: usize| format!("{}{}", VALID, " ".repeat(length - VALID.len()));
    assert!(post("application/json", &blanks(16_384)).json(read).is_ok());
    for body in [blanks(16_385), "{".repeat(17_000)] {
        assert_eq!(
            refusal(&post("application/json", &body)),
            (413, "body_too_large")
        );
    }
    // 16,383 decoded bytes, then 16,386: what counts is decoded. What is far
    // over the limit is not decoded at all.
    assert_eq!(
        refusal(&base64(&"AAAA".repeat(5461))),
        (400, "invalid_json")
    );
    assert_eq!(
        refusal(&base64(&"AAAA".repeat(5462))),
        (413, "body_too_large")
    );
    assert_eq!(
        refusal(&base64(&"%%%%".repeat(9000))),
        (413, "body_too_large")
    );
}

#[test]
fn an_empty_body_counts_as_an_empty_object_only_if_allowed() {
    let scope = |fields: &mut Fields| fields.optional_text("scope");
    let empty = event("", "", |event| event["headers"] = json!({}));
    assert_eq!(empty.json_or_empty(scope).unwrap(), None);
    assert_eq!(refusal(&empty), (415, "unsupported_media_type"));
    let absent = event("", "", |event| event["body"] = Value::Null);
    assert_eq!(absent.json_or_empty(scope).unwrap(), None);
    let full = post("application/json", r#"{"scope":"global"}"#);
    assert_eq!(
        full.json_or_empty(scope).unwrap().as_deref(),
        Some("global")
    );
    let undecodable = base64("%%%").json_or_empty(scope).unwrap_err();
    assert_eq!(undecodable.code(), "invalid_json");
}

fn token(fields: &mut Fields) -> (String, Option<String>, bool) {
    let token = fields.secret("refresh_token").expose_secret().to_owned();
    (token, fields.optional_text("scope"), fields.is_form())
}

fn oauth_refusal(request: &Request) -> String {
    let error: OauthError = request.form_or_json(token).unwrap_err();
    let response = error.into_response("id");
    format!(
        "{} {}",
        response.status().as_u16(),
        String::from_utf8_lossy(response.body())
    )
}

#[test]
fn token_endpoints_read_forms_and_json() {
    let form = post(
        "application/x-www-form-urlencoded",
        "refresh_token=a%2Bb+c&scope=&client_id=unknown",
    );
    assert_eq!(
        form.form_or_json(token).unwrap(),
        ("a+b c".into(), None, true)
    );
    let json = post(
        "application/json",
        r#"{"refresh_token":"x","scope":"read","resource":"unknown"}"#,
    );
    assert_eq!(
        json.form_or_json(token).unwrap(),
        ("x".into(), Some("read".into()), false)
    );
}

#[test]
fn token_endpoints_refuse_in_the_format_of_oauth() {
    let form = "application/x-www-form-urlencoded";
    let refusals = [
        oauth_refusal(&post(form, "refresh_token=a&refresh_token=a")),
        oauth_refusal(&post(form, "refresh_token=a&x=&x=")),
        oauth_refusal(&post(form, "refresh_token=")),
        oauth_refusal(&post("application/json", r#"{"scope":1}"#)),
        oauth_refusal(&post("application/json", "{")),
        oauth_refusal(&base64("%%%")),
        oauth_refusal(&post("text/plain", "x")),
        oauth_refusal(&post(form, &"x".repeat(17_000))),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 {"error":"invalid_request","error_description":"the body repeats a parameter"}
    400 {"error":"invalid_request","error_description":"the body repeats a parameter"}
    400 {"error":"invalid_request","error_description":"refresh_token is missing"}
    400 {"error":"invalid_request","error_description":"refresh_token is missing, scope must be a string"}
    400 {"error":"invalid_request","error_description":"the body is not valid JSON"}
    400 {"error":"invalid_request","error_description":"the body is not valid base64"}
    415 {"error":"invalid_request","error_description":"send application/x-www-form-urlencoded or application/json in UTF-8"}
    413 {"error":"invalid_request","error_description":"the body is larger than 16 KiB"}
    "#);
}

#[test]
fn the_client_address_is_in_the_audit_record() {
    let json = json!({
        "version": "2.0",
        "routeKey": "POST /x",
        "rawPath": "/x",
        "headers": { "x-client": "203.0.113.5", "x-forwarded-for": "203.0.113.9" },
        "requestContext": { "http": { "method": "POST", "sourceIp": "::ffff:192.0.2.7" } },
    });
    let seen = |variables: &[(&str, &str)]| {
        let environment = Environment::from_pairs(variables.iter().copied());
        let address = ClientAddress::from_environment(&environment).unwrap();
        let request = event::read(&json.to_string(), Context::default(), &address).unwrap();
        assert_eq!(request.audit().ip, Some(request.client_address()));
        request.client_address().to_owned()
    };
    assert_eq!(seen(&[]), "192.0.2.7");
    assert_eq!(
        seen(&[("CLIENT_ADDRESS", "header:x-client")]),
        "203.0.113.5"
    );
    assert_eq!(seen(&[("CLIENT_ADDRESS", "header:x-absent")]), "192.0.2.7");
}

#[test]
fn a_request_without_an_address_has_none_in_its_audit_record() {
    for unusable in [json!(null), json!(""), json!("unknown")] {
        let request = event("", "", |event| {
            event["requestContext"]["http"]["sourceIp"] = unusable.clone();
        });
        assert_eq!((request.client_address(), request.audit().ip), ("", None));
    }
}

#[test]
fn a_long_user_agent_is_cut_between_characters() {
    let agent = "\u{1f980}".repeat(65);
    let request = event("", "", |event| {
        event["requestContext"]["http"]["userAgent"] = agent.into();
    });
    assert_eq!(request.user_agent().len(), 256);
    let long = format!("a{}", "\u{1f980}".repeat(64));
    let request = event("", "", |event| {
        event["requestContext"]["http"]["userAgent"] = long.into();
    });
    assert_eq!(request.user_agent().len(), 253);
}

#[test]
fn the_route_is_the_route_key_whatever_the_path() {
    for path in [
        "//x",
        "/X",
        "/x/../admin",
        "/x/%2e%2e/",
        "/x y",
        "",
        "\u{0}",
    ] {
        let request = event("", "", |event| event["rawPath"] = path.into());
        assert_eq!((request.route(), request.path()), ("POST /x", path));
    }
}
