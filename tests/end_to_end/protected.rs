//! `GET /protected` and `GET /admin`, behind the authorizer.

use std::time::{Duration, Instant};

use anyhow::ensure;
use gatehouse_tests::Service;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::tokens::Mint;
use reqwest::Method;
use serde_json::json;

use crate::every_endpoint::PROTECTED;

#[tokio::test]
async fn a_valid_token_reaches_the_function_as_its_principal() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let response = ada.get(&service, "/protected").await?;
    response.assert_status(200);
    assert_eq!(response.member("sub"), ada.id);
    assert_eq!(response.json()["roles"], json!(["user"]));
    Ok(())
}

#[tokio::test]
async fn the_admin_route_needs_the_role() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let mut ada = service.logged_in("ada").await?;
    ada.lacks_the_role_for(&service, "/admin").await?;
    ada.is_granted(&service, &["admin", "user"]).await?;
    ada.log_in(&service).await?;
    ada.is_let_in_at(&service, "/admin").await
}

#[tokio::test]
async fn every_route_that_requires_a_role_names_it() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let routes = PROTECTED
        .into_iter()
        .filter(|(_, path)| path.starts_with("/admin"));
    for (method, path) in routes {
        let request = service
            .request(method.parse()?, path)
            .bearer_auth(&ada.access_token);
        let response = service.send(request).await?;
        response.assert_problem(403, "insufficient_scope");
        assert_eq!(response.member("detail"), "the role `admin` is required");
        assert_eq!(
            response.header("www-authenticate"),
            r#"Bearer realm="gatehouse", error="insufficient_scope""#
        );
    }
    Ok(())
}

#[tokio::test]
async fn after_a_change_of_roles_the_old_token_is_refused() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    // Without another administrator, Ada could not be demoted.
    service.administrator("grace").await?;
    let ada = service.administrator("ada").await?;
    ada.is_let_in_at(&service, "/admin").await?;
    ada.is_granted(&service, &["user"]).await?;
    ada.is_shut_out_at(&service, "/admin").await?;
    ada.is_shut_out(&service).await?;
    // The session continues, without the role.
    let ada = ada.refreshes(&service).await?;
    ada.is_let_in(&service).await?;
    ada.lacks_the_role_for(&service, "/admin").await
}

#[tokio::test]
async fn headers_that_claim_an_identity_are_ignored() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let request = service
        .request(Method::GET, "/admin")
        .bearer_auth(&ada.access_token)
        .header("x-user-id", "admin")
        .header("x-amzn-oidc-identity", "admin")
        .header("x-principal", "admin")
        .header("x-roles", "admin");
    let response = service.send(request).await?;
    response.assert_problem(403, "insufficient_scope");
    Ok(())
}

#[tokio::test]
async fn other_spellings_of_a_path_are_other_paths() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    for path in [
        "//admin",
        "/ADMIN",
        "/admin/",
        "/admin/x",
        "/protected//",
        "/$default/protected",
        "/nothing",
    ] {
        let response = ada.get(&service, path).await?;
        let mut expected = (404, "Not Found".to_owned());
        // The emulator drops empty segments before it looks for the route, unlike
        // API Gateway: then the response is that of the route that it finds.
        if is_deployed() && response.status != 404 {
            let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            let routed = format!("/{}", segments.join("/"));
            let routed = ada.get(&service, &routed).await?;
            expected = (routed.status, routed.code());
        }
        assert_eq!((response.status, response.code()), expected, "{path}");
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
            .bearer_auth(&ada.access_token);
        let status = service.send(request).await?.status;
        // The emulator treats every OPTIONS as a preflight, and refuses it.
        let is_refused = is_deployed() && method == Method::OPTIONS && status == 403;
        assert!(status == 404 || is_refused, "{method}: {status}");
    }
    Ok(())
}

#[tokio::test]
async fn a_cached_verdict_does_not_outlive_its_token() -> anyhow::Result<()> {
    let service = Service::shared_with(&[("AuthorizerCacheSeconds", "3600")]).await?;
    let ada = service.logged_in("ada").await?;
    let token = Mint::of(&service).await?.almost_expired(&ada)?;
    let mut response = service.get_as(&token, "/protected").await?;
    response.assert_status(200);
    response = service.get_as(&token, "/protected").await?;
    // The token expires within a second; the loop runs as fast as responses come.
    let begun = Instant::now();
    while response.status == 200 {
        ensure!(
            begun.elapsed() < Duration::from_secs(30),
            "the token is still accepted"
        );
        response = service.get_as(&token, "/protected").await?;
    }
    response.assert_problem(401, "unauthorized");
    assert!(
        response
            .header("www-authenticate")
            .contains("invalid_token")
    );
    Ok(())
}
