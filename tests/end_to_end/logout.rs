//! `POST /logout`.

use gatehouse_tests::Service;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn after_a_logout_the_token_is_refused_on_the_next_request() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    let logout = service.request(Method::POST, "/logout");
    let logout = logout.bearer_auth(&ada.access_token);
    service.send(logout).await?.assert_no_content();
    ada.is_logged_out(&service).await
}

#[tokio::test]
async fn a_local_logout_leaves_other_sessions_alone() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let there = here.logs_in_again(&service).await?;
    here.logs_out(&service, "local").await?;
    there.is_let_in(&service).await?;
    there.refreshes(&service).await?;
    Ok(())
}

#[tokio::test]
async fn others_ends_every_session_except_this_one() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let there = here.logs_in_again(&service).await?;
    here.logs_out(&service, "others").await?;
    there.is_logged_out(&service).await?;
    // The token's version is an older one; the session continues.
    here.is_shut_out(&service).await?;
    let here = here.refreshes(&service).await?;
    here.is_let_in(&service).await
}

#[tokio::test]
async fn global_ends_every_session() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let there = here.logs_in_again(&service).await?;
    here.logs_out(&service, "global").await?;
    here.is_logged_out(&service).await?;
    there.is_logged_out(&service).await?;
    let there = there.logs_in_again(&service).await?;
    there.is_let_in(&service).await
}

#[tokio::test]
async fn an_unknown_scope_is_named_in_the_error() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    for invalid in [json!({ "scope": "everything" }), json!({ "scope": 7 })] {
        let response = ada.post(&service, "/logout", &invalid).await?;
        response.assert_invalid_field("scope");
    }
    ada.is_let_in(&service).await
}
