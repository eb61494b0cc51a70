//! `POST /password/forgot`. What it leaves in the outbox is tested in
//! `functions/email/tests/forgot`.

use gatehouse_tests::person::unique;
use gatehouse_tests::service::{CLIENT_ADDRESS_HEADER, address};
use gatehouse_tests::{Response, Service};
use reqwest::Method;
use serde_json::json;

async fn forget(service: &Service, name: &str) -> anyhow::Result<Response> {
    let body = json!({ "username": name });
    service.post("/password/forgot", &body).await
}

#[tokio::test]
async fn a_known_name_and_an_unknown_one_get_the_same_response() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    for name in [ada.username, unique("nobody"), "not a name".to_owned()] {
        let response = forget(&service, &name).await?;
        response.assert_status(202);
        assert_eq!(response.text, "", "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_or_unknown_field_is_named() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for (body, field) in [
        (json!({}), "username"),
        (json!({ "username": null }), "username"),
        (json!({ "username": 7 }), "username"),
        (
            json!({ "username": "ada", "email": "ada@example.org" }),
            "email",
        ),
    ] {
        let response = service.post("/password/forgot", &body).await?;
        response.assert_problem(422, "validation_failed");
        assert_eq!(response.invalid_fields(), [field], "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_asks_too_often_has_to_wait() -> anyhow::Result<()> {
    let service = Service::shared_with(&[("AddressMailsPerHour", "2")]).await?;
    let (here, ada) = (address()?, service.registered("ada").await?);
    let ask = async |name: &str| {
        let request = service.request(Method::POST, "/password/forgot");
        let request = request.header(CLIENT_ADDRESS_HEADER, &here);
        service
            .send(request.json(&json!({ "username": name })))
            .await
    };
    for name in [&ada.username, &unique("nobody")] {
        ask(name).await?.assert_status(202);
    }
    for name in [&ada.username, &unique("nobody")] {
        let refused = ask(name).await?;
        refused.assert_problem(429, "too_many_requests");
        assert!(refused.header("retry-after").parse::<u64>()? > 1_700);
    }
    let logs = service.logs().await?;
    let reason = r#""reason":"too_many_mails""#;
    assert!(logs.iter().any(|line| line.contains(reason)));
    Ok(())
}

#[tokio::test]
async fn a_service_without_mail_has_no_such_route() -> anyhow::Result<()> {
    let service = Service::without_mail().await?;
    // The reference has no response for a route that does not exist.
    for (method, path) in [
        (Method::POST, "/password/forgot"),
        (Method::PUT, "/me/email"),
        (Method::POST, "/email/cancel"),
    ] {
        let url = format!("{}{path}", service.url());
        let request = reqwest::Client::new().request(method, url);
        let response = request.json(&json!({})).send().await?;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.text().await?, r#"{"message":"Not Found"}"#);
    }
    Ok(())
}
