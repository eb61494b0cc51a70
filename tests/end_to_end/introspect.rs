//! `POST /introspect` (RFC 7662), for callers with an access token.

use gatehouse_tests::tokens::Mint;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::json;

/// Introspects with the caller's access token.
async fn introspect(service: &Service, caller: &Person, token: &str) -> anyhow::Result<Response> {
    let request = service.request(Method::POST, "/introspect");
    let request = request.bearer_auth(&caller.access_token);
    service.send(request.form(&[("token", token)])).await
}

#[tokio::test]
async fn a_valid_token_is_active_and_its_claims_are_returned() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let response = introspect(&service, &admin, &ada.access_token).await?;
    response.assert_status(200);
    assert_eq!(response.header("cache-control"), "no-store");
    let body = response.json();
    assert_eq!(body["active"], true);
    assert_eq!(body["sub"], ada.id);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["iss"], service.issuer());
    assert_eq!(body["aud"], "gatehouse");
    assert_eq!(body["client_id"], "gatehouse");
    assert_eq!(body["scope"], "profile");
    assert_eq!(body["roles"], json!(["user"]));
    assert_eq!(body["sid"], ada.session());
    assert_eq!(body["jti"], ada.claim("jti"));
    let (iat, exp) = (body["iat"].as_i64(), body["exp"].as_i64());
    assert_eq!(exp.zip(iat).map(|(exp, iat)| exp - iat), Some(900));
    assert!(!response.text.contains(&ada.username), "nothing personal");
    Ok(())
}

#[tokio::test]
async fn anything_else_is_inactive_and_nothing_else_is_returned() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let mint = Mint::of(&service).await?;
    let out = ada.logs_in_again(&service).await?;
    out.logs_out(&service, "local").await?;
    for (name, token) in [
        ("garbage", "garbage".to_owned()),
        ("nine KiB", "x".repeat(9 * 1024)),
        ("a refresh token", ada.refresh_token.clone()),
        ("expired", mint.expired(&ada)?),
        ("of another issuer", mint.foreign_issuer(&ada)?),
        ("for another audience", mint.wrong_audience(&ada)?),
        ("by another key", mint.foreign_key(&ada)?),
        ("revoked", out.access_token.clone()),
    ] {
        let response = introspect(&service, &admin, &token).await?;
        let response = response.case(name);
        response.assert_status(200);
        assert_eq!(response.text, r#"{"active":false}"#, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_without_the_scope_may_not_introspect() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let body =
        json!({ "username": admin.username, "password": admin.password, "scope": "admin profile" });
    let admin = admin.with_tokens(&service.post("/login", &body).await?);
    for caller in [&ada, &admin] {
        let response = introspect(&service, caller, &ada.access_token).await?;
        response.assert_oauth_error(403, "insufficient_scope");
        let challenge = response.header("www-authenticate");
        assert_eq!(
            challenge,
            r#"Bearer realm="gatehouse", error="insufficient_scope", scope="introspect""#
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_request_without_a_token_is_invalid() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let response = introspect(&service, &admin, "").await?;
    response.assert_oauth_error(400, "invalid_request");
    Ok(())
}

#[tokio::test]
async fn a_revoked_token_cannot_introspect() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let own = introspect(&service, &admin, &admin.access_token).await?;
    assert_eq!(own.json()["active"], true, "{own}");
    let own = json!({ "token": admin.access_token });
    service.post("/revoke", &own).await?.assert_status(200);
    for token in [&ada.access_token, &admin.access_token, "garbage"] {
        let response = introspect(&service, &admin, token).await?;
        response.assert_oauth_error(401, "invalid_token");
        assert_eq!(
            response.header("www-authenticate"),
            r#"Bearer realm="gatehouse", error="invalid_token""#
        );
        assert!(!response.text.contains("active"), "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_type_hint_changes_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    for hint in ["access_token", "refresh_token", "urn:unheard-of"] {
        for (token, active) in [(&admin.access_token, true), (&admin.refresh_token, false)] {
            let request = service.request(Method::POST, "/introspect");
            let request = request
                .bearer_auth(&admin.access_token)
                .form(&[("token", token.as_str()), ("token_type_hint", hint)]);
            let response = service.send(request).await?;
            assert_eq!(response.json()["active"], active, "{response}");
        }
    }
    Ok(())
}
