//! The refresh token in a browser's cookie (`RefreshCookie=on`).

use gatehouse_tests::Service;
use gatehouse_tests::page::{COOKIE, COOKIES, ORIGIN, Page, refreshed, refused, set_cookie};
use gatehouse_tests::person::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

/// The emulator that `cargo deployed` uses has no domains, so these stacks are local.
pub(crate) async fn with_cookies() -> anyhow::Result<Service> {
    Service::shared_locally_with(&COOKIES).await
}

#[tokio::test]
async fn a_login_can_put_its_refresh_token_into_a_cookie() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let body = json!({ "username": ada.username, "password": ada.password, "refresh": "cookie" });
    let response = page.post(&service, "/login", &body).await?;
    response.assert_status(200);
    assert_eq!(response.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(response.header("access-control-allow-credentials"), "true");
    assert_eq!(response.header("cache-control"), "no-store");
    let lifetime = &response.json()["refresh_expires_in"];
    assert_eq!(*lifetime, json!(1_209_600));
    let cookie = page.cookie.unwrap_or_default();
    assert!(cookie.starts_with("gh_rt_"));
    assert!(!response.text.contains("gh_rt_"), "{response}");
    assert!(!response.text.contains("refresh_token"), "{response}");
    ada.with_tokens(&response).is_let_in(&service).await
}

#[tokio::test]
async fn a_login_that_does_not_ask_for_the_cookie_gets_the_token_in_the_body() -> anyhow::Result<()>
{
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let response = service.log_in(&ada.username, PASSWORD).await?;
    response.assert_status(200);
    assert_eq!(set_cookie(&response)?, None);
    let ada = ada.with_tokens(&response);
    let ada = ada.refreshes(&service).await?;
    ada.is_let_in(&service).await?;

    let body = json!({ "username": ada.username, "password": PASSWORD, "refresh": "body" });
    let response = service.post("/login", &body).await?;
    response.assert_invalid_field("refresh");
    let body = json!({ "username": ada.username, "password": PASSWORD, "refresh": true });
    service
        .post("/login", &body)
        .await?
        .assert_invalid_field("refresh");
    Ok(())
}

#[tokio::test]
async fn a_refresh_rotates_the_cookie_and_a_repetition_gets_the_same_successor()
-> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let first = page.clone();

    let ada = page.refreshes(&service, &ada).await?;
    assert_ne!(page.cookie, first.cookie);
    ada.is_let_in(&service).await?;

    // A second tab that sent the same cookie at the same time.
    let mut late = first.clone();
    late.refreshes(&service, &ada).await?;
    assert_eq!(late.cookie, page.cookie);

    // The successor has been used, so there are two holders: the session ends.
    page.refreshes(&service, &ada).await?;
    let replayed = first.clone().refresh(&service).await?;
    refused(&replayed, 400, "invalid_grant", "revoked");
    refused(
        &page.refresh(&service).await?,
        400,
        "invalid_grant",
        "revoked",
    );
    ada.is_shut_out(&service).await
}

#[tokio::test]
async fn an_idempotency_key_works_with_the_cookie_and_without_a_window() -> anyhow::Result<()> {
    let mut pairs = COOKIES.to_vec();
    pairs.push(("RefreshGraceSeconds", "0"));
    let service = Service::shared_locally_with(&pairs).await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let mut successors = vec![];
    for _ in 0..2 {
        let mut repeated = page.clone();
        let request = page.request(&service, "/refresh").json(&json!({}));
        let request = request.header("idempotency-key", "a-key-of-22-characters");
        let response = repeated.send(&service, request).await?;
        refreshed(&ada, &response).is_let_in(&service).await?;
        successors.push(repeated.cookie);
    }
    assert_eq!(successors[0], successors[1]);
    Ok(())
}

#[tokio::test]
async fn a_refresh_may_request_fewer_scopes() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let before = page.cookie.clone();
    let body = json!({ "scope": "admin" });
    let response = page.post(&service, "/refresh", &body).await?;
    refused(&response, 400, "invalid_scope", "scope");
    assert_eq!(page.cookie, before);
    let body = json!({ "scope": "profile", "grant_type": "refresh_token" });
    let response = page.post(&service, "/refresh", &body).await?;
    assert_eq!(refreshed(&ada, &response).claim("scope"), "profile");
    Ok(())
}

#[tokio::test]
async fn another_accounts_cookie_is_409_and_stays_as_it_is() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let (ada, bob) = (
        service.registered("ada").await?,
        service.registered("bob").await?,
    );
    let mut page = Page::open();
    page.log_in(&service, &ada).await?;
    // In another tab of the same browser.
    let bob = page.log_in(&service, &bob).await?;
    let cookie = page.cookie.clone();
    for path in ["/refresh", "/revoke"] {
        for sub in [ada.id.as_str(), "nobody"] {
            let response = page.post(&service, path, &json!({ "sub": sub })).await?;
            refused(&response, 409, "another_account", "another account");
        }
        for invalid in [json!(""), json!("a b"), json!(7), json!([bob.id])] {
            let response = page
                .post(&service, path, &json!({ "sub": invalid }))
                .await?;
            refused(&response, 400, "invalid_request", "sub ");
        }
    }
    assert_eq!(page.cookie, cookie);
    let response = page
        .post(&service, "/refresh", &json!({ "sub": bob.id }))
        .await?;
    let bob = refreshed(&bob, &response);
    bob.is_let_in(&service).await?;
    let response = page
        .post(&service, "/revoke", &json!({ "sub": bob.id }))
        .await?;
    response.assert_status(200);
    bob.is_shut_out(&service).await
}

#[tokio::test]
async fn a_login_ends_the_session_whose_cookie_it_finds() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let (ada, bob) = (
        service.registered("ada").await?,
        service.registered("bob").await?,
    );
    for (second, replies_with_cookie) in [(&ada, true), (&bob, true), (&ada, false)] {
        let mut page = Page::open();
        let first = page.log_in(&service, &ada).await?;
        first.is_let_in(&service).await?;
        let mut old = page.clone();
        let second = if replies_with_cookie {
            page.log_in(&service, second).await?
        } else {
            let body = json!({ "username": second.username, "password": PASSWORD });
            let response = page.post(&service, "/login", &body).await?;
            response.assert_status(200);
            assert_eq!(set_cookie(&response)?, None);
            second.with_tokens(&response)
        };
        first.is_shut_out(&service).await?;
        refused(
            &old.refresh(&service).await?,
            400,
            "invalid_grant",
            "revoked",
        );
        second.is_let_in(&service).await?;
    }
    let logs = service.logs().await?;
    let ended = |line: &&String| line.contains("replaced_by_login");
    let line: Value = serde_json::from_str(logs.iter().find(ended).map_or("", String::as_str))?;
    assert_eq!(line["event"], "session_revoked");
    Ok(())
}

#[tokio::test]
async fn a_login_that_fails_or_finds_something_else_ends_no_session() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let first = page.log_in(&service, &ada).await?;
    let cookie = page.cookie.clone().unwrap_or_default();
    let body = json!({ "username": ada.username, "password": "wrong", "refresh": "cookie" });
    let response = page.post(&service, "/login", &body).await?;
    response.assert_problem(401, "invalid_credentials");
    let body = json!({ "username": ada.username, "password": PASSWORD, "scope": "admin" });
    let response = page.post(&service, "/login", &body).await?;
    response.assert_problem(422, "invalid_scope");
    assert_eq!(page.cookie.as_ref(), Some(&cookie));

    let body = json!({ "username": ada.username, "password": PASSWORD, "refresh": "cookie" });
    for cookies in [
        format!("{COOKIE}={cookie}; {COOKIE}={cookie}"),
        format!("{COOKIE}={}", cookie.replace("gh_rt_", "gh_rt_A")),
        format!("{COOKIE}=gh_rt_{}", "A".repeat(103)),
        format!("refresh_token={cookie}"),
    ] {
        let request = service.request(Method::POST, "/login").json(&body);
        let response = service.send(request.header("cookie", cookies)).await?;
        response.assert_status(200);
        first.is_let_in(&service).await?;
    }
    page.refreshes(&service, &first).await?;
    Ok(())
}

#[tokio::test]
async fn revoking_logs_out_a_page_whose_access_token_has_expired() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    let mut page = Page::open();
    let ada = page.log_in(&service, &ada).await?;
    let mut old = page.clone();
    let response = page.post(&service, "/revoke", &json!({})).await?;
    response.assert_status(200);
    assert_eq!(response.text, "{}");
    assert_eq!(page.cookie, None, "the browser has deleted it");
    ada.is_shut_out(&service).await?;
    refused(
        &old.refresh(&service).await?,
        400,
        "invalid_grant",
        "revoked",
    );

    // The same for a cookie that is of no use, also one that is not ours.
    old.post(&service, "/revoke", &json!({})).await?;
    let mut other = Page::open();
    other.cookie = Some("x".to_owned());
    other.post(&service, "/revoke", &json!({})).await?;
    assert_eq!([old.cookie, other.cookie], [None, None]);
    Ok(())
}

#[tokio::test]
async fn a_logout_deletes_the_cookie_unless_its_session_continues() -> anyhow::Result<()> {
    let service = with_cookies().await?;
    let ada = service.registered("ada").await?;
    for scope in ["local", "global"] {
        let mut page = Page::open();
        let ada = page.log_in(&service, &ada).await?;
        let invalid = json!({ "scope": "x" });
        let response = page.post_as(&service, &ada, "/logout", &invalid).await?;
        response.assert_invalid_field("scope");
        assert!(page.cookie.is_some());
        let others = json!({ "scope": "others" });
        let response = page.post_as(&service, &ada, "/logout", &others).await?;
        response.assert_no_content();
        assert!(page.cookie.is_some());
        let ada = page.refreshes(&service, &ada).await?;

        let body = json!({ "scope": scope });
        let mut without = Page::open();
        let mut old = page.clone();
        let response = page.post_as(&service, &ada, "/logout", &body).await?;
        response.assert_no_content();
        assert_eq!(page.cookie, None, "{scope}");
        refused(
            &old.refresh(&service).await?,
            400,
            "invalid_grant",
            "revoked",
        );
        // The access token has been revoked, and the gateway deletes nothing.
        let response = old.post_as(&service, &ada, "/logout", &body).await?;
        response.assert_from_gateway(403, "Forbidden");
        assert!(old.cookie.is_some());
        // A client without the cookie gets none.
        let ada = service.logged_in("ada").await?;
        let response = without.post_as(&service, &ada, "/logout", &body).await?;
        response.assert_no_content();
        assert_eq!(set_cookie(&response)?, None);
    }
    Ok(())
}
