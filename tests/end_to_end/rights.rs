//! What each route requires of a token: a table with a row for each route, and what
//! happens with rights that are issued, requested, missing and granted.

use std::collections::BTreeSet;

use gatehouse_tests::binaries::root;
use gatehouse_tests::person::PASSWORD;
use gatehouse_tests::template::{Template, text};
use gatehouse_tests::tokens::Mint;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// Scopes and roles of the tokens, a column each; the first column has no token.
const TOKENS: [(&str, &str); 7] = [
    ("", "user"),
    ("profile", "user"),
    ("introspect", "user"),
    ("admin", "user"),
    ("profile", "admin user"),
    ("admin", "admin"),
    ("admin introspect profile", "admin user"),
];

/// Route, body, and the status without a token and with each of [`TOKENS`].
///
/// The bodies do no harm: a route that asks for the password gets none and returns 422,
/// an id that nobody has returns 404.
const ROUTES: [(&str, &str, [u16; 8]); 33] = [
    ("POST /register", "{}", [422; 8]),
    ("POST /login", "{}", [422; 8]),
    ("POST /refresh", "{}", [400; 8]),
    ("POST /revoke", "{}", [400; 8]),
    ("POST /password/reset", "{}", [422; 8]),
    ("POST /email/verify", "{}", [422; 8]),
    (
        "POST /email/verification",
        "{}",
        [422, 403, 202, 403, 403, 202, 403, 202],
    ),
    ("POST /email/cancel", "{}", [422; 8]),
    ("GET /.well-known/jwks.json", "", [200; 8]),
    ("GET /.well-known/openid-configuration", "", [200; 8]),
    ("GET /.well-known/oauth-authorization-server", "", [200; 8]),
    ("HEAD /.well-known/jwks.json", "", [200; 8]),
    ("HEAD /.well-known/openid-configuration", "", [200; 8]),
    ("HEAD /.well-known/oauth-authorization-server", "", [200; 8]),
    (
        "POST /password/forgot",
        r#"{"username":"nobody"}"#,
        [202; 8],
    ),
    (
        "POST /introspect",
        r#"{"token":"x"}"#,
        [401, 403, 403, 200, 403, 403, 403, 200],
    ),
    (
        "GET /protected",
        "",
        [401, 200, 200, 200, 200, 200, 200, 200],
    ),
    (
        "POST /logout",
        r#"{"scope":"local"}"#,
        [401, 204, 204, 204, 204, 204, 204, 204],
    ),
    (
        "POST /logout",
        r#"{"scope":"others"}"#,
        [401, 403, 204, 403, 403, 204, 403, 204],
    ),
    (
        "POST /logout",
        r#"{"scope":"global"}"#,
        [401, 403, 204, 403, 403, 204, 403, 204],
    ),
    (
        "PUT /me/email",
        "{}",
        [401, 422, 422, 422, 422, 422, 422, 422],
    ),
    (
        "PUT /me/password",
        "{}",
        [401, 422, 422, 422, 422, 422, 422, 422],
    ),
    ("DELETE /me", "{}", [401, 422, 422, 422, 422, 422, 422, 422]),
    ("GET /me", "", [401, 403, 200, 403, 403, 200, 403, 200]),
    (
        "GET /me/export",
        "",
        [401, 403, 200, 403, 403, 200, 403, 200],
    ),
    (
        "GET /sessions",
        "",
        [401, 403, 200, 403, 403, 200, 403, 200],
    ),
    (
        "DELETE /sessions/{id}",
        "",
        [401, 403, 404, 403, 403, 404, 403, 404],
    ),
    ("GET /admin", "", [401, 403, 403, 403, 403, 403, 200, 200]),
    (
        "GET /admin/users",
        "",
        [401, 403, 403, 403, 403, 403, 200, 200],
    ),
    (
        "GET /admin/users/{id}",
        "",
        [401, 403, 403, 403, 403, 403, 404, 404],
    ),
    (
        "PATCH /admin/users/{id}",
        "{}",
        [401, 403, 403, 403, 403, 403, 404, 404],
    ),
    (
        "DELETE /admin/users/{id}",
        "",
        [401, 403, 403, 403, 403, 403, 404, 404],
    ),
    (
        "POST /admin/users/{id}/revoke-sessions",
        "{}",
        [401, 403, 403, 403, 403, 403, 404, 404],
    ),
];

/// The role and the scope that a route requires, for each route that requires a role, or
/// another scope than `profile`.
const REQUIRED: [(&str, &str, &str); 7] = [
    ("POST /introspect", "", "introspect"),
    ("GET /admin", "admin", "admin"),
    ("GET /admin/users", "admin", "admin"),
    ("GET /admin/users/{id}", "admin", "admin"),
    ("PATCH /admin/users/{id}", "admin", "admin"),
    ("DELETE /admin/users/{id}", "admin", "admin"),
    ("POST /admin/users/{id}/revoke-sessions", "admin", "admin"),
];

#[test]
fn the_table_of_rights_has_a_row_for_each_route_of_the_template() -> anyhow::Result<()> {
    let listed: BTreeSet<&str> = ROUTES.iter().map(|(route, ..)| *route).collect();
    let template = Template::read()?;
    let routes = template.resources("AWS::ApiGatewayV2::Route");
    let routes = routes.iter();
    let keys = routes.map(|(_, route)| text(route, "/Properties/RouteKey"));
    assert_eq!(listed, keys.collect());
    Ok(())
}

#[tokio::test]
async fn every_route_requires_the_scopes_and_roles_of_its_row() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let mint = Mint::of(&service).await?;
    let ada = service.registered("ada").await?;
    for (route, body, statuses) in ROUTES {
        let response = send(&service, route, body, None).await?;
        assert_eq!(response.status, statuses[0], "no token: {response}");
        for ((scope, roles), status) in TOKENS.into_iter().zip(&statuses[1..]) {
            // These end every session of their user.
            let ends_all = body.contains("others") || body.contains("global");
            let person = if ends_all && *status == 204 {
                service.logged_in("ada").await?
            } else {
                ada.clone()
            };
            let token = mint.with_rights(&person, scope, roles)?;
            let response = send(&service, route, body, Some(&token)).await?;
            let response = response.case(format!("scope [{scope}], roles [{roles}]"));
            response.assert_status(*status);
            if *status == 403 {
                assert_refusal(&response, route, roles);
            }
        }
    }
    Ok(())
}

/// The refusal names the missing scope (RFC 6750 section 3.1), or the role if that is
/// missing.
fn assert_refusal(response: &Response, route: &str, roles: &str) {
    assert_eq!(response.code(), "insufficient_scope", "{response}");
    let required = REQUIRED.iter().find(|(known, ..)| *known == route);
    let (role, scope) = required.map_or(("", "profile"), |(_, role, scope)| (*role, *scope));
    let lacks_role = !role.is_empty() && !roles.split(' ').any(|held| held == role);
    let scope = if lacks_role {
        String::new()
    } else {
        format!(r#", scope="{scope}""#)
    };
    let expected = format!(r#"Bearer realm="gatehouse", error="insufficient_scope"{scope}"#);
    assert_eq!(response.header("www-authenticate"), expected, "{response}");
}

async fn send(
    service: &Service,
    route: &str,
    body: &str,
    token: Option<&str>,
) -> anyhow::Result<Response> {
    let (method, path) = route.split_once(' ').unwrap_or_default();
    let path = path.replace("{id}", "AAAAAAAAAAAAAAAAAAAAAA");
    let mut request = service.request(method.parse()?, &path);
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
        request = request.body(body.to_owned());
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    service.send(request).await
}

/// Logs in and asks for some scopes.
async fn log_in(service: &Service, person: &Person, scope: &str) -> anyhow::Result<Response> {
    let (name, password) = (&person.username, &person.password);
    let body = json!({ "username": name, "password": password, "scope": scope });
    service.post("/login", &body).await
}

#[tokio::test]
async fn a_token_without_scopes_has_no_scope_in_any_response() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let response = log_in(&service, &ada, "").await?;
    response.assert_status(200);
    let ada = ada.with_tokens(&response);
    let refreshed = service.refresh(&ada.refresh_token).await?;
    let greeting = ada.get(&service, "/protected").await?;
    let admin = service.administrator("grace").await?;
    let body = json!({ "token": ada.access_token });
    let introspected = admin.post(&service, "/introspect", &body).await?;
    assert_eq!(introspected.json()["active"], true, "{introspected}");
    for response in [response, refreshed, greeting, introspected] {
        response.assert_status(200);
        assert!(response.json().get("scope").is_none(), "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn the_authorizers_context_of_a_token_without_scopes_has_no_scope() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let mint = Mint::of(&service).await?;
    let ada = service.registered("ada").await?;
    for name in ["valid", "rest_request"] {
        let path = root().join(format!("events/authorizer/{name}.json"));
        let sample = std::fs::read_to_string(path)?;
        for (scope, expected) in [("", Value::Null), ("profile", json!("profile"))] {
            let token = mint.with_rights(&ada, scope, "user")?;
            let event = sample.replace("ACCESS_TOKEN", &token);
            let response = service.invoke("authorizer", event.as_bytes()).await?;
            let response = response.map_err(anyhow::Error::msg)?;
            let response: Value = serde_json::from_slice(&response)?;
            assert_eq!(response["context"]["sub"], ada.id, "{name}");
            assert_eq!(response["context"]["scope"], expected, "{name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_token_without_scopes_ends_its_session_changes_the_password_and_deletes_the_account()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let leaving = ada.with_tokens(&log_in(&service, &ada, "").await?);
    leaving.logs_out(&service, "local").await?;
    leaving.is_logged_out(&service).await?;

    let changing = ada.with_tokens(&log_in(&service, &ada, "").await?);
    let new = "another long and winding passphrase";
    let put = |current: &str| json!({ "current_password": current, "new_password": new });
    let path = "/me/password";
    let wrong = changing
        .call(&service, Method::PUT, path, &put("wrong"))
        .await?;
    wrong.assert_problem(401, "invalid_credentials");
    let right = changing
        .call(&service, Method::PUT, path, &put(PASSWORD))
        .await?;
    right.assert_no_content();

    let ada = Person {
        password: new.to_owned(),
        ..ada
    };
    let deleting = ada.with_tokens(&log_in(&service, &ada, "").await?);
    let delete = |password: &str| json!({ "password": password });
    let wrong = deleting
        .call(&service, Method::DELETE, "/me", &delete(PASSWORD))
        .await?;
    wrong.assert_problem(401, "invalid_credentials");
    let right = deleting
        .call(&service, Method::DELETE, "/me", &delete(new))
        .await?;
    right.assert_no_content();
    Ok(())
}

#[tokio::test]
async fn scopes_that_were_requested_at_login_or_refresh_are_all_that_a_token_has()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let narrow = admin.with_tokens(&log_in(&service, &admin, "profile").await?);
    narrow.is_let_in_at(&service, "/me").await?;
    let refused = narrow.get(&service, "/admin/users").await?;
    refused.assert_problem(403, "insufficient_scope");

    let body = json!({ "refresh_token": admin.refresh_token, "scope": "introspect" });
    let narrow = admin.with_tokens(&service.post("/refresh", &body).await?);
    for path in ["/me", "/admin/users"] {
        let refused = narrow.get(&service, path).await?;
        refused.assert_problem(403, "insufficient_scope");
    }
    let body = json!({ "token": admin.access_token });
    let allowed = narrow.post(&service, "/introspect", &body).await?;
    allowed.assert_status(200);
    Ok(())
}

#[tokio::test]
async fn a_session_gets_no_scope_of_a_role_that_its_user_is_granted_later() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let mut ada = service.logged_in("ada").await?;
    ada.is_granted(&service, &["admin", "user"]).await?;
    let session = ada.refreshes(&service).await?;
    assert_eq!(session.claim("scope"), "profile");
    let refused = session.get(&service, "/admin/users").await?;
    refused.assert_problem(403, "insufficient_scope");
    ada.log_in(&service).await?;
    ada.is_let_in_at(&service, "/admin/users").await
}

#[tokio::test]
async fn a_user_without_roles_has_the_scopes_of_everyone() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let mut ada = service.registered("ada").await?;
    ada.is_granted(&service, &[]).await?;
    ada.log_in(&service).await?;
    assert_eq!(ada.claim("scope"), "profile");
    ada.is_let_in_at(&service, "/me").await
}

/// Changes the roles of a user.
async fn grant(
    service: &Service,
    admin: &Person,
    target: &Person,
    roles: &[&str],
) -> anyhow::Result<Response> {
    let path = format!("/admin/users/{}", target.id);
    let body = json!({ "roles": roles });
    admin.call(service, Method::PATCH, &path, &body).await
}

fn roles(response: &Response) -> Value {
    response.assert_status(200);
    response.json()["roles"].clone()
}

#[tokio::test]
async fn an_administrator_grants_the_roles_that_they_have_and_removes_any() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.registered("ada").await?;
    let refused = grant(&service, &admin, &ada, &["owner", "user"]).await?;
    refused.assert_problem(403, "role_not_grantable");
    assert!(refused.member("detail").contains("`owner`"), "{refused}");
    let shown = admin
        .get(&service, &format!("/admin/users/{}", ada.id))
        .await?;
    assert_eq!(roles(&shown), json!(["user"]));

    // The operator may grant any role, and an administrator keeps or removes it.
    ada.is_granted(&service, &["owner", "user"]).await?;
    let kept = grant(&service, &admin, &ada, &["admin", "owner"]).await?;
    assert_eq!(roles(&kept), json!(["admin", "owner"]));
    let removed = grant(&service, &admin, &ada, &["admin"]).await?;
    assert_eq!(roles(&removed), json!(["admin"]));
    let refused = grant(&service, &admin, &ada, &["admin", "owner"]).await?;
    refused.assert_problem(403, "role_not_grantable");

    let reason = r#""reason":"role_not_grantable""#;
    let logs = service.logs().await?;
    let recorded = logs.iter().filter(|line| line.contains(reason));
    assert_eq!(recorded.filter(|line| line.contains(&admin.id)).count(), 2);
    Ok(())
}

#[tokio::test]
async fn a_list_of_grantable_roles_replaces_the_callers_own() -> anyhow::Result<()> {
    let service = Service::shared_with(&[("GrantableRoles", "editor,user")]).await?;
    let admin = service.administrator("grace").await?;
    let ada = service.registered("ada").await?;
    let granted = grant(&service, &admin, &ada, &["editor"]).await?;
    assert_eq!(roles(&granted), json!(["editor"]));
    let refused = grant(&service, &admin, &ada, &["admin"]).await?;
    refused.assert_problem(403, "role_not_grantable");
    Ok(())
}
