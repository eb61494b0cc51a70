//! `POST /revoke` (RFC 7009).

use gatehouse_tests::Service;
use serde_json::json;

#[tokio::test]
async fn a_revoked_refresh_token_ends_its_session() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let form = [("token", ada.refresh_token.as_str())];
    let response = service.post_form("/revoke", &form).await?;
    response.assert_status(200);
    assert_eq!(response.text, "{}");
    assert_eq!(response.header("content-type"), "application/json");
    ada.is_logged_out(&service).await
}

#[tokio::test]
async fn a_revoked_access_token_is_refused_and_its_session_continues() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let body = json!({ "token": ada.access_token, "token_type_hint": "access_token" });
    service.post("/revoke", &body).await?.assert_status(200);
    ada.is_shut_out(&service).await?;
    let ada = ada.refreshes(&service).await?;
    ada.is_let_in(&service).await
}

#[tokio::test]
async fn a_wrong_hint_does_not_matter() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let form = [
        ("token", ada.refresh_token.as_str()),
        ("token_type_hint", "access_token"),
    ];
    let response = service.post_form("/revoke", &form).await?;
    response.assert_status(200);
    ada.cannot_refresh(&service).await
}

#[tokio::test]
async fn an_invalid_token_gets_the_same_response_as_a_valid_one() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let forged = format!("gh_rt_{}", "A".repeat(103));
    for invalid in ["x", "a.b.c", forged.as_str()] {
        let response = service.post_form("/revoke", &[("token", invalid)]).await?;
        response.assert_status(200);
    }
    let none = service.post_form("/revoke", &[]).await?;
    none.assert_oauth_error(400, "invalid_request");
    Ok(())
}
