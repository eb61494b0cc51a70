//! `POST /introspect` for clients with a secret (RFC 6749 section 2.3.1).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::{Response, Service};
use reqwest::Method;
use serde_json::json;

/// Introspects with a value of `Authorization` and any fields of a form.
async fn introspect(
    service: &Service,
    authorization: &str,
    form: &[(&str, &str)],
) -> anyhow::Result<Response> {
    let request = service.request(Method::POST, "/introspect");
    let request = request.header("authorization", authorization).form(form);
    service.send(request).await
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test]
async fn a_client_introspects_with_its_secret() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let client = ResourceServer::register(&service).await?;
    let ada = service.logged_in("ada").await?;
    let authorization = basic(&client.id, &client.secret);
    let form = [("token", ada.access_token.as_str())];
    let response = introspect(&service, &authorization, &form).await?;
    response.assert_status(200);
    assert_eq!(response.header("cache-control"), "no-store");
    assert_eq!(response.json()["active"], true);
    assert_eq!(response.json()["sub"], ada.id);

    let request = service.request(Method::POST, "/introspect");
    let request = request
        .header("authorization", &authorization)
        .json(&json!({ "token": ada.access_token }));
    assert_eq!(service.send(request).await?.json()["active"], true);

    ada.logs_out(&service, "local").await?;
    for token in [
        ada.access_token.as_str(),
        ada.refresh_token.as_str(),
        client.secret.as_str(),
        "garbage",
    ] {
        let response = introspect(&service, &authorization, &[("token", token)]).await?;
        response.assert_status(200);
        assert_eq!(response.text, r#"{"active":false}"#);
    }
    let ada = ada.logs_in_again(&service).await?;
    let form = [("token", ada.access_token.as_str())];
    let response = introspect(&service, &authorization, &form).await?;
    assert_eq!(response.json()["active"], true);
    let none = introspect(&service, &authorization, &[]).await?;
    none.assert_oauth_error(400, "invalid_request");
    Ok(())
}

/// Libraries differ in how they write the header; all of these are valid.
#[tokio::test]
async fn every_spelling_of_the_same_credentials_is_accepted() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let client = ResourceServer::register(&service).await?;
    let ResourceServer { id, secret } = &client;
    let plain = STANDARD.encode(format!("{id}:{secret}"));
    let encoded = |text: &str| text.replace('-', "%2D").replace('_', "%5f");
    let form_encoded = basic(&encoded(id), &encoded(secret));
    for authorization in [
        format!("Basic {plain}"),
        format!("basic {plain}"),
        format!("BASIC   {plain}"),
        form_encoded,
    ] {
        for form in [
            &[("token", "x")][..],
            &[("token", "x"), ("client_id", id.as_str())],
            &[("token", "x"), ("token_type_hint", "x"), ("extra", "x")],
        ] {
            let response = introspect(&service, &authorization, form).await?;
            assert_eq!(response.text, r#"{"active":false}"#, "{form:?}");
        }
    }
    Ok(())
}

/// The response to any credentials that are not those of a client.
const REFUSED: &str = r#"401
cache-control: no-store
content-type: application/json
www-authenticate: Basic realm="gatehouse", charset="UTF-8", Bearer realm="gatehouse"
x-content-type-options: nosniff

{
  "error": "invalid_client",
  "error_description": "the client credentials are invalid"
}"#;

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_get_the_same_response() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let client = ResourceServer::register(&service).await?;
    let ada = service.logged_in("ada").await?;
    let other = ResourceServer::register(&service).await?;
    let ResourceServer { id, secret } = &client;
    let shorter = &secret[..secret.len() - 1];
    for (name, authorization) in [
        ("a wrong secret", basic(id, shorter)),
        ("an empty secret", basic(id, "")),
        ("another client's secret", basic(id, &other.secret)),
        (
            "an access token as the secret",
            basic(id, &ada.access_token),
        ),
        ("an unknown id", basic("nobody", secret)),
        ("an id in other case", basic(&id.to_uppercase(), secret)),
        ("an id that no client can have", basic("two words", secret)),
        ("the key of the published keys", basic("jwks", secret)),
        ("no id", basic("", secret)),
        ("a user's credentials", basic(&ada.username, &ada.password)),
        ("no colon", format!("Basic {}", STANDARD.encode(id))),
        ("not base64", "Basic ----".to_owned()),
    ] {
        let form = [("token", ada.access_token.as_str())];
        let response = introspect(&service, &authorization, &form).await?;
        assert_eq!(response.snapshot(&[]), REFUSED, "{name}");
    }
    let logs = service.logs().await?;
    for reason in [
        "client_unknown",
        "client_secret_wrong",
        "credential_malformed",
    ] {
        let is = |line: &&String| line.contains("client_refused") && line.contains(reason);
        assert!(logs.iter().any(|line| is(&line)), "{reason}");
    }
    Ok(())
}

#[tokio::test]
async fn two_credentials_at_once_are_refused_even_if_both_are_valid() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let client = ResourceServer::register(&service).await?;
    let other = ResourceServer::register(&service).await?;
    let admin = service.administrator("grace").await?;
    let token = admin.access_token.as_str();
    let basic = basic(&client.id, &client.secret);
    let bearer = format!("Bearer {token}");
    let secret = client.secret.as_str();
    for (name, values, extra) in [
        ("Basic twice", vec![&basic, &basic], None),
        ("Basic and Bearer", vec![&basic, &bearer], None),
        ("Bearer and Basic", vec![&bearer, &basic], None),
        (
            "a secret in the body",
            vec![&basic],
            Some(("client_secret", secret)),
        ),
        (
            "Bearer and a secret",
            vec![&bearer],
            Some(("client_secret", secret)),
        ),
        (
            "an assertion",
            vec![&basic],
            Some(("client_assertion", "x")),
        ),
        (
            "a token in the body",
            vec![&basic],
            Some(("access_token", token)),
        ),
        (
            "another client",
            vec![&basic],
            Some(("client_id", other.id.as_str())),
        ),
    ] {
        let mut request = service.request(Method::POST, "/introspect");
        for value in values {
            request = request.header("authorization", value);
        }
        let mut form = vec![("token", token)];
        form.extend(extra);
        let response = service.send(request.form(&form)).await?;
        let response = response.case(name);
        response.assert_oauth_error(401, "invalid_client");
        assert!(!response.text.contains("active"), "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn credentials_in_the_body_are_not_supported() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let client = ResourceServer::register(&service).await?;
    let form = [
        ("token", "x"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    let response = service.post_form("/introspect", &form).await?;
    response.assert_oauth_error(401, "invalid_client");
    assert!(response.text.contains("HTTP Basic"), "{response}");
    Ok(())
}

/// Each client is new to the function, which caches clients for ten seconds.
#[tokio::test]
async fn a_rotated_secret_works_during_its_overlap_and_a_revoked_client_not_at_all()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let form = [("token", "x")];
    let day = Duration::from_hours(24);
    for (overlap, old_secret) in [(day, 200), (Duration::ZERO, 401)] {
        let old = ResourceServer::register(&service).await?;
        let new = old.rotate(&service, overlap).await?;
        for (client, status) in [(&new, 200), (&old, old_secret)] {
            let authorization = basic(&client.id, &client.secret);
            let response = introspect(&service, &authorization, &form).await?;
            response.case(format!("{overlap:?}")).assert_status(status);
        }
    }
    let client = ResourceServer::register(&service).await?;
    client.revoke(&service).await?;
    let authorization = basic(&client.id, &client.secret);
    let response = introspect(&service, &authorization, &form).await?;
    response.assert_oauth_error(401, "invalid_client");
    Ok(())
}

#[tokio::test]
async fn an_outage_is_neither_active_nor_inactive_nor_a_refusal() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let known = ResourceServer::register(&service).await?;
    let unread = ResourceServer::register(&service).await?;
    let ada = service.logged_in("ada").await?;
    let form = [("token", ada.access_token.as_str())];
    let authorization = basic(&known.id, &known.secret);
    let before = introspect(&service, &authorization, &form).await?;
    assert_eq!(before.json()["active"], true, "{before}");
    let _outage = service.cut_off_tables().await?;
    for client in [&known, &unread] {
        let authorization = basic(&client.id, &client.secret);
        let response = introspect(&service, &authorization, &form).await?;
        response.assert_oauth_error(503, "temporarily_unavailable");
        assert!(["1", "2"].contains(&response.header("retry-after")));
        assert!(!response.text.contains("active"), "{response}");
    }
    Ok(())
}
