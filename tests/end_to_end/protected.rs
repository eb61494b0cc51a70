//! `GET /protected` and `GET /admin`, behind the authorizer.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use reqwest::Method;

use crate::every_endpoint::PROTECTED;

#[tokio::test]
async fn a_good_token_reaches_the_function_as_its_principal() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let answer = service.get_as(&person.access_token, "/protected").await?;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.member("sub"), person.id);
    assert_eq!(answer.json()["roles"], serde_json::json!(["user"]));
    Ok(())
}

#[tokio::test]
async fn the_admin_route_needs_the_role() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let mut person = Person::join(&service).await?;
    let answer = service.get_as(&person.access_token, "/admin").await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, "insufficient_scope")
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    change_roles(&service, &person, &["admin", "user"]).await?;
    person.log_in(&service).await?;
    assert_eq!(
        service.get_as(&person.access_token, "/admin").await?.status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn every_route_that_requires_a_role_names_it() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let routes = PROTECTED
        .into_iter()
        .filter(|(_, path)| path.starts_with("/admin"));
    for (method, path) in routes {
        let request = service
            .request(method.parse()?, path)
            .bearer_auth(&person.access_token);
        let answer = service.send(request).await?;
        assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
        assert_eq!(answer.member("detail"), "the role `admin` is required");
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer realm="gatehouse", error="insufficient_scope""#
        );
    }
    Ok(())
}

#[tokio::test]
async fn after_a_change_of_roles_the_old_token_is_refused() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let mut person = Person::register(&service).await?;
    change_roles(&service, &person, &["admin", "user"]).await?;
    person.log_in(&service).await?;
    assert_eq!(
        service.get_as(&person.access_token, "/admin").await?.status,
        200
    );
    change_roles(&service, &person, &["user"]).await?;
    assert_eq!(
        service.get_as(&person.access_token, "/admin").await?.status,
        403
    );
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        403
    );
    let next = service.refresh(&person.refresh_token).await?;
    assert_eq!(next.status, 200, "a change of roles keeps the session");
    assert_eq!(
        service
            .get_as(&next.member("access_token"), "/protected")
            .await?
            .status,
        200
    );
    let admin = service
        .get_as(&next.member("access_token"), "/admin")
        .await?;
    assert_eq!(
        (admin.status, admin.code().as_str()),
        (403, "insufficient_scope")
    );
    Ok(())
}

#[tokio::test]
async fn headers_that_claim_an_identity_are_not_read() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let request = service
        .request(Method::GET, "/admin")
        .bearer_auth(&person.access_token)
        .header("x-user-id", "admin")
        .header("x-amzn-oidc-identity", "admin")
        .header("x-principal", "admin")
        .header("x-roles", "admin");
    assert_eq!(service.send(request).await?.code(), "insufficient_scope");
    Ok(())
}

#[tokio::test]
async fn other_spellings_of_a_path_are_other_paths() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    for path in [
        "//admin",
        "/ADMIN",
        "/admin/",
        "/admin/x",
        "/protected//",
        "/$default/protected",
        "/nothing",
    ] {
        let answer = service.get_as(&person.access_token, path).await?;
        let mut expected = (404, "Not Found".to_owned());
        // The emulator drops empty segments before it looks for the route, which
        // API Gateway does not: then the route that it finds decides.
        if is_deployed() && answer.status != 404 {
            let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            let routed = format!("/{}", segments.join("/"));
            let routed = service.get_as(&person.access_token, &routed).await?;
            expected = (routed.status, routed.code());
        }
        assert_eq!((answer.status, answer.code()), expected, "{path}");
    }
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
    ] {
        let request = service
            .request(method.clone(), "/protected")
            .bearer_auth(&person.access_token);
        let status = service.send(request).await?.status;
        // The emulator takes every OPTIONS for a preflight, and refuses it.
        let is_refused = is_deployed() && method == Method::OPTIONS && status == 403;
        assert!(status == 404 || is_refused, "{method}: {status}");
    }
    Ok(())
}

#[tokio::test]
async fn a_cached_answer_does_not_outlive_its_token() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        options
            .parameters
            .insert("AuthorizerCacheSeconds".into(), "3600".into());
    })
    .await?;
    let person = Person::join(&service).await?;
    let token = gatehouse_tests::tokens::Mint::of(&service)
        .await?
        .ends_in_a_second(&person)?;
    assert_eq!(service.get_as(&token, "/protected").await?.status, 200);
    let mut answer = service.get_as(&token, "/protected").await?;
    // The token ends within a second; the loop goes on as fast as answers come.
    while answer.status == 200 {
        answer = service.get_as(&token, "/protected").await?;
    }
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, "unauthorized")
    );
    assert!(answer.header("www-authenticate").contains("invalid_token"));
    Ok(())
}

/// Does to the tables what an administrator's change of roles does: the roles
/// and the token version of the user, and the revocation of older tokens.
async fn change_roles(service: &Service, person: &Person, roles: &[&str]) -> anyhow::Result<()> {
    let tables = Tables::of(service);
    let key = format!("user#{}", person.id);
    let users = tables.scan("UsersTable").await?;
    let version: i64 = users
        .iter()
        .find(|item| item.get("pk").is_some_and(|pk| pk.as_s() == Ok(&key)))
        .and_then(|item| item["token_version"].as_n().ok()?.parse().ok())
        .unwrap_or_default();
    let names = roles
        .iter()
        .map(|&role| AttributeValue::S(role.to_owned()))
        .collect();
    tables
        .set(
            "UsersTable",
            ("pk", &key),
            "roles",
            AttributeValue::L(names),
        )
        .await?;
    tables
        .set_number("UsersTable", ("pk", &key), "token_version", version + 1)
        .await?;
    let number = |value: i64| AttributeValue::N(value.to_string());
    tables
        .put(
            "RevocationsTable",
            HashMap::from([
                (
                    "pk".to_owned(),
                    AttributeValue::S(format!("sub#{}", person.id)),
                ),
                ("min_ver".to_owned(), number(version + 1)),
                ("revoked_at".to_owned(), number(0)),
                (
                    "reason".to_owned(),
                    AttributeValue::S("role_changed".to_owned()),
                ),
                ("expires_at".to_owned(), number(i64::from(u32::MAX))),
            ]),
        )
        .await
}
