//! The refresh cookie in requests that must not count, and with settings that cannot work.

use gatehouse_tests::Service;
use gatehouse_tests::page::{COOKIE, COOKIES, ORIGIN, Page, refused};
use gatehouse_tests::person::PASSWORD;
use gatehouse_tests::service::parameters;
use reqwest::Method;
use serde_json::json;

use crate::cookies::with_cookies;

/// A browser adds the cookie to what a foreign page sends.
#[tokio::test]
async fn a_cookie_from_a_page_that_is_not_listed_is_refused_before_anything_is_read()
-> anyhow::Result<()> {
    let service = Service::start_locally(|options| options.parameters = parameters(&COOKIES));
    let service = service.await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let mut forged = page.clone();
    forged.cookie = Some(format!("gh_rt_{}", "A".repeat(103)));
    // Each function has started.
    page.refreshes(&service, &ada).await?;

    service.stack().stop_dynamodb().await;
    let unavailable = page.refresh(&service).await?;
    refused(&unavailable, 503, "temporarily_unavailable", "try again");
    let cookie = page.cookie.clone().unwrap_or_default();
    for path in ["/refresh", "/revoke"] {
        for origin in [
            None,
            Some("null"),
            Some(""),
            Some("https://evil.example.com"),
            Some("http://app.example.com"),
            Some("https://app.example.com:443"),
            Some("https://app.example.com.evil.test"),
            Some("https://app.example.com, https://app.example.com"),
        ] {
            for cookie in [&cookie, forged.cookie.as_ref().unwrap_or(&cookie)] {
                let request = service.request(Method::POST, path);
                let request = request.header("cookie", format!("{COOKIE}={cookie}"));
                let request = match origin {
                    Some(origin) => request.header("origin", origin),
                    None => request,
                };
                let response = service.send(request.json(&json!({}))).await?;
                let response = response.case(format!("{origin:?}"));
                refused(&response, 400, "invalid_request", "CorsOrigins");
            }
        }
    }
    // Two headers are one that is not listed.
    let request = page.request(&service, "/refresh").header("origin", ORIGIN);
    let response = service.send(request.json(&json!({}))).await?;
    refused(&response, 400, "invalid_request", "CorsOrigins");
    Ok(())
}

#[tokio::test]
async fn a_cookie_counts_only_alone_and_with_a_json_body() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.logged_in("ada").await?;
    let mut page = Page::open();
    let person = page.log_in(&service, &ada).await?;
    let cookie = page.cookie.clone().unwrap_or_default();
    for (path, field) in [("/refresh", "refresh_token"), ("/revoke", "token")] {
        // What a form of a foreign page can send.
        for form in [
            "grant_type=refresh_token",
            "grant_type=refresh_token&a=%7B%7D",
        ] {
            let request = page.request(&service, path).body(form);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let response = page.send(&service, request).await?;
            refused(&response, 400, "invalid_request", "application/json");
        }
        for other in ["text/plain", "multipart/form-data; boundary=x", ""] {
            let request = page.request(&service, path).body("{}");
            let request = request.header("content-type", other);
            let response = page.send(&service, request).await?;
            refused(&response, 415, "invalid_request", "application/json");
        }
        let response = page
            .send(&service, page.clone().request(&service, path))
            .await?;
        refused(&response, 415, "invalid_request", "application/json");
        // Both at once, and twice.
        for token in [&ada.refresh_token, &cookie, &String::new()] {
            let response = page.post(&service, path, &json!({ field: token })).await?;
            refused(&response, 400, "invalid_request", "send one of them");
        }
        let form = [
            (field, ada.refresh_token.as_str()),
            ("grant_type", "refresh_token"),
        ];
        let request = page.request(&service, path).form(&form);
        let response = page.send(&service, request).await?;
        refused(&response, 400, "invalid_request", "send one of them");
        for second in [cookie.as_str(), "", "x"] {
            let request = service.request(Method::POST, path).header("origin", ORIGIN);
            let cookies = format!("{COOKIE}={second}; {COOKIE}={cookie}");
            let request = request.header("cookie", cookies).json(&json!({}));
            let response = service.send(request).await?;
            refused(&response, 400, "invalid_request", "more than once");
        }
    }
    page.refreshes(&service, &person).await?;
    ada.refreshes(&service).await?.is_let_in(&service).await
}

#[tokio::test]
async fn a_malformed_cookie_is_an_invalid_token_that_no_error_deletes() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let cookie = page.cookie.clone().unwrap_or_default();
    for value in [
        String::new(),
        "x".to_owned(),
        format!("\"{cookie}\""),
        format!("{cookie}="),
        cookie.replace("gh_rt_", "gh_rt_A"),
        format!("gh_rt_{}", "A".repeat(103)),
        "x".repeat(4096),
    ] {
        let mut page = Page::open();
        page.cookie = Some(value);
        let response = page.refresh(&service).await?;
        refused(&response, 400, "invalid_grant", "invalid");
    }
    // The name is exact, and a header is not a cookie.
    let request = service.request(Method::POST, "/refresh");
    let request = request.header("cookie", format!("__host-refresh_token={cookie}"));
    let request = request.header(COOKIE, &cookie).header("origin", ORIGIN);
    let response = service.send(request.json(&json!({}))).await?;
    refused(
        &response,
        400,
        "invalid_request",
        "refresh_token is missing",
    );
    page.refreshes(&service, &ada).await?;
    Ok(())
}

#[tokio::test]
async fn a_cookie_never_authorises_a_request() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let cookie = page.cookie.clone().unwrap_or_default();
    let cookies = format!(
        "{COOKIE}={cookie}; authorization=Bearer {}",
        ada.access_token
    );
    for (method, path) in [("GET", "/me"), ("GET", "/protected"), ("POST", "/logout")] {
        let request = service.request(method.parse()?, path);
        let request = request.header("origin", ORIGIN).header("cookie", &cookies);
        let response = service.send(request).await?;
        response.assert_from_gateway(401, "Unauthorized");
    }
    let request = service.request(Method::POST, "/introspect");
    let request = request.header("origin", ORIGIN).header("cookie", &cookies);
    let response = service.send(request.json(&json!({ "token": "x" }))).await?;
    response.assert_oauth_error(401, "invalid_client");
    Ok(())
}

#[tokio::test]
async fn only_the_listed_pages_may_send_credentials() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    for (origin, allowed, credentials) in [
        (ORIGIN, ORIGIN, "true"),
        ("https://evil.example.com", "", ""),
    ] {
        let request = service
            .request(Method::OPTIONS, "/refresh")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let response = service.send(request).await?;
        response.assert_no_content();
        let header = |name| response.header(name);
        assert_eq!(header("access-control-allow-origin"), allowed);
        assert_eq!(header("access-control-allow-credentials"), credentials);
    }
    Ok(())
}

#[tokio::test]
async fn while_the_cookie_is_off_nothing_changes() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[("CorsOrigins", ORIGIN)]).await?;
    let ada = service.logged_in("ada").await?;
    let mut page = Page::open();
    page.cookie = Some(ada.refresh_token.clone());
    let body = json!({ "username": ada.username, "password": PASSWORD, "refresh": "cookie" });
    let response = page.post(&service, "/login", &body).await?;
    response.assert_invalid_field("refresh");
    assert!(response.text.contains("RefreshCookie"), "{response}");
    assert_eq!(response.header("access-control-allow-credentials"), "");

    for (path, field) in [("/refresh", "refresh_token"), ("/revoke", "token")] {
        let response = page.post(&service, path, &json!({})).await?;
        refused(
            &response,
            400,
            "invalid_request",
            &format!("{field} is missing"),
        );
    }
    // A login, a refresh with a token in the body, and a logout ignore the cookie.
    let body = json!({ "username": ada.username, "password": PASSWORD });
    let other = page.post(&service, "/login", &body).await?;
    let other = ada.with_tokens(&other);
    ada.is_let_in(&service).await?;
    let body = json!({ "refresh_token": ada.refresh_token, "sub": other.id });
    let response = page.post(&service, "/refresh", &body).await?;
    response.assert_status(200);
    assert!(response.member("refresh_token").starts_with("gh_rt_"));
    let response = page
        .post_as(&service, &other, "/logout", &json!({}))
        .await?;
    response.assert_no_content();
    assert_eq!(page.cookie.as_ref(), Some(&ada.refresh_token), "never set");
    Ok(())
}

/// What cannot take effect is refused before anything starts.
#[tokio::test]
async fn a_cookie_that_no_page_could_use_is_refused_at_the_start() -> anyhow::Result<()> {
    for (origins, reason) in [
        ("", "RefreshCookie needs CorsOrigins"),
        ("*", "RefreshCookie needs CorsOrigins without *"),
        (
            "https://app.example.com,*",
            "RefreshCookie needs CorsOrigins without *",
        ),
    ] {
        let pairs = parameters(&[("RefreshCookie", "on"), ("CorsOrigins", origins)]);
        let started = Service::start_locally(|options| options.parameters = pairs).await;
        let error = started.err().map(|error| format!("{error:#}"));
        let error = error.unwrap_or_default();
        assert!(error.contains(reason), "{origins}: {error}");
    }
    // `cargo local` refuses this one before a build: infra/cli/src/settings.rs.
    let pairs = [("RefreshCookie", "on"), ("CorsOrigins", "http://b.example")];
    let service = Service::start_locally(|options| options.parameters = parameters(&pairs)).await?;
    let login = service.log_in("ada", PASSWORD).await?;
    login.assert_from_gateway(500, "Internal Server Error");
    let logs = service.logs().await?;
    let named = |line: &String| line.contains("CORS_ORIGINS must be the https origins");
    assert!(logs.iter().any(named), "{logs:?}");
    Ok(())
}

/// Its own domain is `localhost`, so the page is on the same site.
#[tokio::test]
async fn a_page_on_this_machine_can_use_the_cookie_of_a_local_stack() -> anyhow::Result<()> {
    let origin = "http://localhost:5173";
    let pairs = [("RefreshCookie", "on"), ("CorsOrigins", origin)];
    let service = Service::shared_locally_with(&pairs).await?;
    let ada = service.registered("ada").await?;
    let mut page = Page {
        origin,
        cookie: None,
    };
    let ada = page.log_in(&service, &ada).await?;
    page.refreshes(&service, &ada).await?;
    Ok(())
}
