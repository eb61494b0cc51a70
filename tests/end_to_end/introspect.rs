//! `POST /introspect` (RFC 7662), for the holder of an access token.

use gatehouse_tests::power::administrator;
use gatehouse_tests::tokens::Mint;
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::json;

async fn introspect(service: &Service, caller: &str, token: &str) -> anyhow::Result<Answer> {
    let request = service.request(Method::POST, "/introspect");
    let request = request.bearer_auth(caller).form(&[("token", token)]);
    service.send(request).await
}

#[tokio::test]
async fn a_valid_token_is_active_and_its_claims_are_returned() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let answer = introspect(&service, &admin.access_token, &person.access_token).await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["active"], true);
    assert_eq!(body["sub"], person.id);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["iss"], service.issuer());
    assert_eq!(body["aud"], "gatehouse");
    assert_eq!(body["client_id"], "gatehouse");
    assert_eq!(body["scope"], "profile");
    assert_eq!(body["roles"], json!(["user"]));
    assert_eq!(body["sid"], person.session());
    assert_eq!(body["jti"], person.claim("jti"));
    let (iat, exp) = (body["iat"].as_i64(), body["exp"].as_i64());
    assert_eq!(exp.zip(iat).map(|(exp, iat)| exp - iat), Some(900));
    assert!(!answer.text.contains(&person.username), "nothing personal");
    Ok(())
}

#[tokio::test]
async fn anything_else_is_inactive_and_nothing_else_is_returned() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let mint = Mint::of(&service).await?;
    let mut out = person.clone();
    out.log_in(&service).await?;
    service
        .post_as(&out.access_token, "/logout", &json!({}))
        .await?;
    for (name, token) in [
        ("garbage", "garbage".to_owned()),
        ("nine KiB", "x".repeat(9 * 1024)),
        ("a refresh token", person.refresh_token.clone()),
        ("expired", mint.expired(&person)?),
        ("of another issuer", mint.foreign_issuer(&person)?),
        ("for another audience", mint.wrong_audience(&person)?),
        ("by another key", mint.foreign_key(&person)?),
        ("revoked", out.access_token.clone()),
    ] {
        let answer = introspect(&service, &admin.access_token, &token).await?;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, r#"{"active":false}"#),
            "{name}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_without_the_scope_may_not_introspect() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let mut admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let body =
        json!({ "username": admin.username, "password": admin.password, "scope": "admin profile" });
    let fewer = service.post("/login", &body).await?;
    admin.access_token = fewer.member("access_token");
    for caller in [&person, &admin] {
        let answer = introspect(&service, &caller.access_token, &person.access_token).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "insufficient_scope")
        );
        assert_eq!(answer.header("content-type"), "application/json");
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            challenge,
            r#"Bearer realm="gatehouse", error="insufficient_scope", scope="introspect""#
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_request_without_a_token_is_invalid() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let answer = introspect(&service, &admin.access_token, "").await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "invalid_request")
    );
    Ok(())
}

#[tokio::test]
async fn a_revoked_token_introspects_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let own = introspect(&service, &admin.access_token, &admin.access_token).await?;
    assert_eq!(own.json()["active"], true, "{own:?}");
    let own = json!({ "token": admin.access_token });
    assert_eq!(service.post("/revoke", &own).await?.status, 200);
    for token in [&person.access_token, &admin.access_token, "garbage"] {
        let answer = introspect(&service, &admin.access_token, token).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "invalid_token")
        );
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer realm="gatehouse", error="invalid_token""#
        );
        assert!(!answer.text.contains("active"), "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_type_hint_changes_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    for hint in ["access_token", "refresh_token", "urn:unheard-of"] {
        for (token, active) in [(&admin.access_token, true), (&admin.refresh_token, false)] {
            let request = service.request(Method::POST, "/introspect");
            let request = request
                .bearer_auth(&admin.access_token)
                .form(&[("token", token.as_str()), ("token_type_hint", hint)]);
            let answer = service.send(request).await?;
            assert_eq!(answer.json()["active"], active, "{hint}: {answer:?}");
        }
    }
    Ok(())
}
