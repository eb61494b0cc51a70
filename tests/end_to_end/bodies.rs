//! Invalid bodies, at every route that accepts one.

use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;

use crate::every_endpoint::{PROTECTED, PUBLIC};

/// The routes that accept JSON, and whether their errors are those of RFC 6749.
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
    // Last: if a body gets through after all, the access token is no longer valid.
    ("POST /logout", false),
];

#[tokio::test]
async fn malformed_json_and_a_missing_member_are_different_errors() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
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
            let response = send(&service, &admin, path, JSON, body.as_bytes()).await?;
            let shown: String = body.chars().take(40).collect();
            let response = response.case(shown);
            if oauth {
                response.assert_oauth_error(400, "invalid_request");
            } else {
                response.assert_problem(400, "invalid_json");
            }
        }
        let response = send(&service, &admin, path, JSON, b"{\"a\":\"\xff\"}").await?;
        // The emulator replaces invalid bytes by replacement characters, where API
        // Gateway sends base64: the function receives a body without any known member.
        let refused = response.status == 400 || (is_deployed() && response.status < 500);
        assert!(refused, "bytes that are not UTF-8: {response}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unsupported_content_type_is_415() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    for (path, oauth) in ROUTES {
        for unsupported in [
            "text/plain",
            "application/xml",
            "application/json; charset=utf-16",
            "application/jsonp",
            "",
        ] {
            let response = send(&service, &admin, path, unsupported, b"{}").await?;
            assert_refused(&response.case(unsupported), oauth, 415);
        }
        for supported in [
            "application/json; charset=utf-8",
            "Application/JSON;charset=\"UTF-8\"",
            "application/json; version=1",
        ] {
            let body = b"{\"scope\":\"nothing\"}";
            let response = send(&service, &admin, path, supported, body).await?;
            assert_ne!(response.status, 415, "{supported}: {response}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_body_of_17_kib_is_413_and_of_15_is_not() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    for (path, oauth) in ROUTES {
        let body =
            |size: usize| format!(r#"{{"scope":"nothing","padding":"{}"}}"#, "x".repeat(size));
        // A body that is too large is refused before it is parsed: syntax does not matter.
        for large in [body(17 * 1024), "x".repeat(17 * 1024)] {
            let response = send(&service, &admin, path, JSON, large.as_bytes()).await?;
            assert_refused(&response, oauth, 413);
        }
        let fits = body(15 * 1024);
        let response = send(&service, &admin, path, JSON, fits.as_bytes()).await?;
        assert_ne!(response.status, 413, "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let body = "grant_type=refresh_token&refresh_token=a&refresh_token=b";
    let request = service
        .request(Method::POST, "/refresh")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let response = service.send(request).await?;
    response.assert_oauth_error(400, "invalid_request");
    Ok(())
}

/// OAuth endpoints ignore unknown parameters, as RFC 6749 section 3.2 requires; caches
/// and browsers may add parameters to the public documents.
#[tokio::test]
async fn an_unknown_field_or_parameter_is_named_except_where_rfcs_forbid_it() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    for (route, oauth) in ROUTES {
        let body = br#"{"colour":"red"}"#;
        let response = send(&service, &admin, route, JSON, body).await?;
        let named = response.text.contains("unknown_field") && response.text.contains("colour");
        assert_eq!(named, !oauth, "{response}");
        response.assert_status(if oauth { 400 } else { 422 });
    }
    for (method, path) in PROTECTED.into_iter().chain(PUBLIC) {
        let lenient = ["/refresh", "/revoke", "/introspect"].contains(&path)
            || path.starts_with("/.well-known/");
        let route = format!("{method} {path}?colour=red");
        let response = send(&service, &admin, &route, JSON, b"{}").await?;
        let named = response.text.contains("unknown_parameter") && response.text.contains("colour");
        assert_eq!(named, !lenient, "{response}");
        assert_eq!(response.status == 422, !lenient, "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_route_is_the_gateways_404() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for path in ["/nothing", "/login/", "/register/x"] {
        let response = service.get(path).await?;
        response.assert_from_gateway(404, "Not Found");
    }
    Ok(())
}

/// Sends a body as it is, with an access token if the route requires one.
async fn send(
    service: &Service,
    person: &Person,
    route: &str,
    content_type: &str,
    body: &[u8],
) -> anyhow::Result<Response> {
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

/// Asserts a status and the family of errors that the route has: they are never mixed.
#[track_caller]
fn assert_refused(response: &Response, oauth: bool, status: u16) {
    if oauth {
        response.assert_oauth_error(status, &response.code());
    } else {
        response.assert_problem(status, &response.code());
    }
}

const JSON: &str = "application/json";
