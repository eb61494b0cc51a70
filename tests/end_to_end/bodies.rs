//! Bad bodies, at every route that takes one.

use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::power::administrator;
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::json;

use crate::every_endpoint::{PROTECTED, PUBLIC};

/// The routes that take JSON, and whether they speak RFC 6749's errors.
const ROUTES: [(&str, bool); 10] = [
    ("POST /register", false),
    ("POST /login", false),
    ("POST /refresh", true),
    ("POST /revoke", true),
    ("PUT /me/password", false),
    ("DELETE /me", false),
    ("POST /password/reset", false),
    ("POST /introspect", true),
    ("PATCH /admin/users/x", false),
    // Last: where a body gets through after all, the token is good no more.
    ("POST /logout", false),
];

#[tokio::test]
async fn malformed_json_is_told_from_a_missing_member() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = administrator(&service).await?;
    let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
    let endless = "[".repeat(15_000);
    let nested = format!(r#"{{"username":{deep}}}"#);
    let bad = [
        "{",
        "{\"username\": ",
        "nonsense",
        "\u{feff}{}",
        "{} {}",
        "[]",
        "7",
        "null",
        "\"text\"",
        r#"{"username":"ada","username":"eve"}"#,
        r#"{"token":{"a":1,"a":2}}"#,
        r#"{"refresh_token":"\ud800"}"#,
        nested.as_str(),
        endless.as_str(),
    ];
    for (path, oauth) in ROUTES {
        for body in bad {
            let answer = send(&service, &person, path, "application/json", body.as_bytes()).await?;
            let shown: String = body.chars().take(40).collect();
            assert_eq!(answer.status, 400, "{path} {shown}: {answer:?}");
            assert_eq!(
                answer.code(),
                if oauth {
                    "invalid_request"
                } else {
                    "invalid_json"
                },
                "{path} {shown}"
            );
            family(&answer, oauth);
        }
        let answer = send(
            &service,
            &person,
            path,
            "application/json",
            b"{\"a\":\"\xff\"}",
        )
        .await?;
        // The emulator hands odd bytes on as replacement characters, and not as base64
        // as API Gateway does: what arrives is a body without any known member.
        let refused = answer.status == 400 || (is_deployed() && answer.status < 500);
        assert!(refused, "{path}: bytes that are no UTF-8: {answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_content_type_that_is_none_of_ours_is_415() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = administrator(&service).await?;
    for (path, oauth) in ROUTES {
        for odd in [
            "text/plain",
            "application/xml",
            "application/json; charset=utf-16",
            "application/jsonp",
            "",
        ] {
            let answer = send(&service, &person, path, odd, b"{}").await?;
            assert_eq!(answer.status, 415, "{path} {odd}: {answer:?}");
            family(&answer, oauth);
        }
        for good in [
            "application/json; charset=utf-8",
            "Application/JSON;charset=\"UTF-8\"",
            "application/json; version=1",
        ] {
            let answer = send(&service, &person, path, good, b"{\"scope\":\"nothing\"}").await?;
            assert_ne!(answer.status, 415, "{path} {good}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_body_of_17_kib_is_413_and_of_15_is_not() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = administrator(&service).await?;
    for (path, oauth) in ROUTES {
        let body =
            |size: usize| format!(r#"{{"scope":"nothing","padding":"{}"}}"#, "x".repeat(size));
        let answer = send(
            &service,
            &person,
            path,
            "application/json",
            body(17 * 1024).as_bytes(),
        )
        .await?;
        assert_eq!(answer.status, 413, "{path}: {answer:?}");
        family(&answer, oauth);
        // A body that is too long is refused before it is read: syntax does not matter.
        let garbage = send(
            &service,
            &person,
            path,
            "application/json",
            "x".repeat(17 * 1024).as_bytes(),
        )
        .await?;
        assert_eq!(garbage.status, 413, "{path}");
        let fits = send(
            &service,
            &person,
            path,
            "application/json",
            body(15 * 1024).as_bytes(),
        )
        .await?;
        assert_ne!(fits.status, 413, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let body = "grant_type=refresh_token&refresh_token=a&refresh_token=b";
    let request = service
        .request(Method::POST, "/refresh")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let answer = service.send(request).await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "invalid_request")
    );
    Ok(())
}

/// OAuth endpoints ignore what they do not know, as RFC 6749 section 3.2 demands;
/// caches and browsers may add parameters to the public documents.
#[tokio::test]
async fn a_field_or_parameter_without_effect_is_named_except_where_rfcs_forbid()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = administrator(&service).await?;
    for (route, oauth) in ROUTES {
        let body = br#"{"colour":"red"}"#;
        let answer = send(&service, &person, route, "application/json", body).await?;
        let named = answer.text.contains("unknown_field") && answer.text.contains("colour");
        assert_eq!(named, !oauth, "{route}: {answer:?}");
        assert_eq!(answer.status, if oauth { 400 } else { 422 }, "{route}");
    }
    for (method, path) in PROTECTED.into_iter().chain(PUBLIC) {
        let lenient = ["/refresh", "/revoke", "/introspect"].contains(&path)
            || path.starts_with("/.well-known/");
        let route = format!("{method} {path}?colour=red");
        let answer = send(&service, &person, &route, "application/json", b"{}").await?;
        let named = answer.text.contains("unknown_parameter") && answer.text.contains("colour");
        assert_eq!(named, !lenient, "{route}: {answer:?}");
        assert_eq!(answer.status == 422, !lenient, "{route}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_route_is_the_gateways_404() -> anyhow::Result<()> {
    let service = Service::start().await?;
    for path in ["/", "/nothing", "/login/", "/register/x"] {
        let answer = service.get(path).await?;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({ "message": "Not Found" })),
            "{path}"
        );
    }
    Ok(())
}

/// Sends a body as it stands, with an access token where the route asks for one.
async fn send(
    service: &Service,
    person: &Person,
    route: &str,
    content_type: &str,
    body: &[u8],
) -> anyhow::Result<Answer> {
    let (method, path) = route.split_once(' ').unwrap_or_default();
    let mut request = service.request(method.parse()?, path).body(body.to_vec());
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    let without_query = path.split('?').next();
    let public = PUBLIC
        .iter()
        .any(|(_, public)| Some(*public) == without_query);
    if !public {
        request = request.bearer_auth(&person.access_token);
    }
    service.send(request).await
}

/// The two families of errors are never mixed.
fn family(answer: &Answer, oauth: bool) {
    let body = answer.json();
    if oauth {
        assert_eq!(answer.header("content-type"), "application/json");
        assert!(
            body["error"].is_string() && body["error_description"].is_string(),
            "{body}"
        );
        assert!(
            body.get("type").is_none() && body.get("code").is_none(),
            "{body}"
        );
    } else {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(
            body["type"],
            format!("urn:gatehouse:problem:{}", answer.code())
        );
        assert_eq!(body["status"], answer.status);
        assert!(
            body["title"].is_string() && body["detail"].is_string() && body["instance"].is_string(),
            "{body}"
        );
        assert_eq!(body["request_id"], answer.header("x-request-id"));
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
}
