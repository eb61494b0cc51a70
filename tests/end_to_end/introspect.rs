//! `POST /introspect` (RFC 7662).

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
async fn a_good_token_is_active_and_says_what_it_says() -> anyhow::Result<()> {
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
async fn anything_else_is_inactive_and_says_nothing_more() -> anyhow::Result<()> {
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
async fn who_lacks_the_scope_may_not_ask() -> anyhow::Result<()> {
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
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
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
