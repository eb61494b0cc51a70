//! Every hostile credential, at every route that requires one.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_tests::template::{Template, text};
use gatehouse_tests::tokens::Mint;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// The routes behind the authorizer.
pub(crate) const PROTECTED: [(&str, &str); 15] = [
    ("POST", "/logout"),
    ("GET", "/me"),
    ("DELETE", "/me"),
    ("PUT", "/me/email"),
    ("PUT", "/me/password"),
    ("GET", "/me/export"),
    ("GET", "/sessions"),
    ("DELETE", "/sessions/{id}"),
    ("GET", "/admin/users"),
    ("GET", "/admin/users/{id}"),
    ("PATCH", "/admin/users/{id}"),
    ("DELETE", "/admin/users/{id}"),
    ("POST", "/admin/users/{id}/revoke-sessions"),
    ("GET", "/protected"),
    ("GET", "/admin"),
];

/// The routes that anyone may call.
pub(crate) const PUBLIC: [(&str, &str); 13] = [
    ("POST", "/register"),
    ("POST", "/login"),
    ("POST", "/refresh"),
    ("POST", "/revoke"),
    ("POST", "/password/reset"),
    ("POST", "/password/forgot"),
    ("POST", "/email/cancel"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("HEAD", "/.well-known/jwks.json"),
    ("HEAD", "/.well-known/openid-configuration"),
    ("HEAD", "/.well-known/oauth-authorization-server"),
];

/// The routes that authenticate their callers themselves, without the authorizer.
pub(crate) const AUTHENTICATING: [(&str, &str); 1] = [("POST", "/introspect")];

/// The routes that take an access token or a password, without the authorizer.
pub(crate) const PROVING: [(&str, &str); 2] =
    [("POST", "/email/verify"), ("POST", "/email/verification")];

#[test]
fn the_lists_are_the_templates_routes() -> anyhow::Result<()> {
    let listed: BTreeSet<String> = PROTECTED
        .iter()
        .chain(&PUBLIC)
        .chain(&AUTHENTICATING)
        .chain(&PROVING)
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let template = Template::read()?;
    let routes = template.resources("AWS::ApiGatewayV2::Route");
    let key = |route: &Value| text(route, "/Properties/RouteKey").to_owned();
    let routes: BTreeSet<String> = routes.iter().map(|(_, route)| key(route)).collect();
    assert_eq!(listed, routes);
    Ok(())
}

#[tokio::test]
async fn a_public_route_never_asks_for_a_token() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for (method, path) in PUBLIC {
        let request = service
            .request(method.parse()?, path)
            .bearer_auth("garbage");
        let response = service.send(request).await?;
        assert!(![401, 403, 404].contains(&response.status), "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn no_credential_is_401_from_the_gateway_itself() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for (method, path) in PROTECTED {
        let response = service.send(service.request(method.parse()?, path)).await?;
        response.assert_from_gateway(401, "Unauthorized");
    }
    Ok(())
}

#[tokio::test]
async fn a_route_that_authenticates_its_callers_responds_with_its_challenges() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    for (method, path) in AUTHENTICATING {
        let response = service.send(service.request(method.parse()?, path)).await?;
        response.assert_oauth_error(401, "invalid_client");
        assert_eq!(
            response.header("www-authenticate"),
            r#"Basic realm="gatehouse", charset="UTF-8", Bearer realm="gatehouse""#
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_route_that_takes_a_token_or_a_password_refuses_hostile_tokens() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let revoked = ada.logs_in_again(&service).await?;
    let token = json!({ "token": revoked.access_token });
    service.post("/revoke", &token).await?.assert_status(200);
    let code = MailCode::mint(CodeKind::Verification, &SubjectId::parse(&ada.id)?, [7; 32])?;
    for (name, value) in hostile(&service, &ada, &revoked).await? {
        let request = service
            .request(Method::POST, "/email/verification")
            .header("authorization", &value);
        let response = service.send(request).await?;
        response.case(name).assert_problem(401, "unauthorized");
        // The code comes first: nobody learns anything about the token with an unknown one.
        let request = service
            .request(Method::POST, "/email/verify")
            .header("authorization", &value)
            .json(&json!({ "code": code.expose() }));
        let response = service.send(request).await?;
        let expected = [(400, "invalid_code"), (401, "unauthorized")];
        assert!(
            expected.contains(&(response.status, response.code().as_str())),
            "{name}: {response}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn every_hostile_credential_is_403_at_every_route() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let revoked = ada.logs_in_again(&service).await?;
    let token = json!({ "token": revoked.access_token });
    service.post("/revoke", &token).await?.assert_status(200);

    for (name, value) in hostile(&service, &ada, &revoked).await? {
        for (method, path) in PROTECTED {
            let request = service
                .request(method.parse()?, path)
                .header("authorization", &value);
            let response = service.send(request).await?;
            response.case(name).assert_from_gateway(403, "Forbidden");
        }
    }
    let minted = Mint::of(&service).await?.valid(&ada)?;
    let control = service.get_as(&minted, "/protected").await?;
    control.assert_status(200);
    ada.is_let_in(&service).await
}

/// The credentials are an administrator's, so each is refused only for what is wrong with it.
#[tokio::test]
async fn every_hostile_credential_is_401_where_the_route_authenticates_its_callers()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let revoked = admin.logs_in_again(&service).await?;
    let token = json!({ "token": revoked.access_token });
    service.post("/revoke", &token).await?.assert_status(200);
    let form = [("token", admin.access_token.as_str())];
    for (name, value) in hostile(&service, &admin, &revoked).await? {
        for (method, path) in AUTHENTICATING {
            let request = service
                .request(method.parse()?, path)
                .header("authorization", &value)
                .form(&form);
            let response = service.send(request).await?.case(name);
            response.assert_status(401);
            assert!(!response.text.contains("active"), "{response}");
            let challenge = response.header("www-authenticate");
            assert!(challenge.contains("Bearer realm="), "{name}: {challenge}");
        }
    }
    for scheme in ["Bearer ", "bearer ", "BEARER  "] {
        for (method, path) in AUTHENTICATING {
            let value = format!("{scheme}{}", admin.access_token);
            let request = service
                .request(method.parse()?, path)
                .header("authorization", value)
                .form(&form);
            let response = service.send(request).await?;
            response.case(scheme).assert_status(200);
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case_at_every_route() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for scheme in ["bearer ", "BEARER ", "Bearer  "] {
        let ada = service.logged_in("ada").await?;
        // The logout comes first in the list, so it must be the last call.
        for (method, path) in PROTECTED.into_iter().rev() {
            let value = format!("{scheme}{}", ada.access_token);
            let request = service
                .request(method.parse()?, path)
                .header("authorization", value);
            let response = service.send(request).await?;
            assert_ne!(response.status, 401, "{scheme:?}: {response}");
            let forbidden = json!({ "message": "Forbidden" });
            assert_ne!(response.json(), forbidden, "{scheme:?}: {response}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn two_authorization_headers_are_refused_in_either_order() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let valid = format!("Bearer {}", ada.access_token);
    for pair in [
        [valid.as_str(), "Bearer x"],
        ["Bearer x", &valid],
        [&valid, &valid],
    ] {
        for (method, path) in PROTECTED {
            let request = service
                .request(method.parse()?, path)
                .header("authorization", pair[0])
                .header("authorization", pair[1]);
            service.send(request).await?.assert_status(403);
        }
        for (method, path) in AUTHENTICATING {
            let request = service
                .request(method.parse()?, path)
                .header("authorization", pair[0])
                .header("authorization", pair[1])
                .form(&[("token", &ada.access_token)]);
            service.send(request).await?.assert_status(401);
        }
    }
    Ok(())
}

/// Values of `Authorization` that must be refused everywhere, with their names.
async fn hostile(
    service: &Service,
    person: &Person,
    revoked: &Person,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mint = Mint::of(service).await?;
    let valid = &person.access_token;
    let parts: Vec<&str> = valid.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let bearer = |token: String| format!("Bearer {token}");
    Ok(vec![
        ("garbage", bearer("garbage".into())),
        ("three parts of garbage", bearer("a.b.c".into())),
        ("expired", bearer(mint.expired(person)?)),
        ("a foreign issuer", bearer(mint.foreign_issuer(person)?)),
        ("a wrong audience", bearer(mint.wrong_audience(person)?)),
        ("another key", bearer(mint.foreign_key(person)?)),
        ("alg none", bearer(format!("{none}.{}.", parts[1]))),
        (
            "alg none with the signature",
            bearer(format!("{none}.{}.{}", parts[1], parts[2])),
        ),
        (
            "no signature",
            bearer(format!("{}.{}.", parts[0], parts[1])),
        ),
        ("a refresh token", bearer(person.refresh_token.clone())),
        ("a revoked token", bearer(revoked.access_token.clone())),
        ("another scheme", format!("Basic {valid}")),
        ("another scheme in lower case", format!("basic {valid}")),
        ("no scheme", valid.clone()),
        ("only a scheme", "Bearer".to_owned()),
        ("a tab after the scheme", format!("Bearer\t{valid}")),
        ("a quoted token", format!("Bearer \"{valid}\"")),
        ("two tokens", format!("Bearer {valid} {valid}")),
        (
            "two joined by a comma",
            format!("Bearer {valid},Bearer {valid}"),
        ),
        ("a token and more", format!("Bearer {valid}x")),
        ("nine KiB", bearer("x".repeat(9 * 1024))),
    ])
}
