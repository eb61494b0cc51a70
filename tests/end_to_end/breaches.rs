//! Looking new passwords up in a list of stolen ones, if the deployment says so.
//!
//! Always on a local stack: the template only accepts a list over https.

use gatehouse_auth::password::Password;
use gatehouse_testing::{Reply, StubServer};
use gatehouse_tests::person::unique;
use gatehouse_tests::{Response, Service};
use reqwest::Method;
use serde_json::json;

const STOLEN: &str = "an old and stolen passphrase";

#[tokio::test]
async fn a_stolen_password_is_refused_with_a_reason_and_another_is_accepted() -> anyhow::Result<()>
{
    let list = list().await;
    let service = service("fail_closed", list.url()).await?;
    let refused = register(&service, STOLEN).await?;
    assert_stolen(&refused);
    let ada = service.logged_in("ada").await?;
    let body = json!({ "current_password": ada.password, "new_password": STOLEN });
    let path = "/me/password";
    assert_stolen(&ada.call(&service, Method::PUT, path, &body).await?);
    let range = format!(
        "/range/{}",
        Password::parse(STOLEN)?.breach_query().prefix()
    );
    let requests = list.requests();
    let of_stolen = requests
        .iter()
        .filter(|request| request.uri().path() == range);
    assert_eq!(of_stolen.count(), 2, "once for each of the two endpoints");
    Ok(())
}

#[tokio::test]
async fn an_unavailable_list_blocks_registration_only_when_fail_closed() -> anyhow::Result<()> {
    let open = service("fail_open", NOWHERE).await?;
    register(&open, STOLEN).await?.assert_status(201);
    let closed = service("fail_closed", NOWHERE).await?;
    let refused = register(&closed, STOLEN).await?;
    refused.assert_problem(503, "unavailable");
    assert!(!refused.header("retry-after").is_empty());
    Ok(())
}

#[tokio::test]
async fn a_stolen_password_is_accepted_by_default() -> anyhow::Result<()> {
    let service = Service::start_locally(|_| ()).await?;
    register(&service, STOLEN).await?.assert_status(201);
    Ok(())
}

#[tokio::test]
async fn a_list_that_would_never_be_used_is_refused() -> anyhow::Result<()> {
    let service = service("off", list().await.url()).await?;
    register(&service, STOLEN).await?.assert_status(500);
    let logs = service.logs().await?.join("\n");
    assert!(logs.contains("PWNED_PASSWORDS_URL"), "{logs}");
    Ok(())
}

#[track_caller]
fn assert_stolen(response: &Response) {
    response.assert_problem(422, "weak_password");
    assert_eq!(response.json()["errors"][0]["code"], "stolen");
    assert!(response.json()["suggestions"][0].is_string());
}

async fn register(service: &Service, password: &str) -> anyhow::Result<Response> {
    let body = json!({ "username": unique("breach"), "password": password });
    service.post("/register", &body).await
}

/// A service that looks passwords up at `url`.
async fn service(setting: &str, url: &str) -> anyhow::Result<Service> {
    let started = Service::start_locally(|options| {
        options
            .parameters
            .insert("PwnedPasswords".into(), setting.into());
        options
            .environment
            .insert("PWNED_PASSWORDS_URL".into(), url.into());
    });
    started.await
}

/// An address that nothing listens at.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A list that holds [`STOLEN`], whichever range is requested.
async fn list() -> StubServer {
    StubServer::start([Reply::new(200, SUFFIX)]).await
}

/// The end of the SHA-1 of [`STOLEN`], and a count.
const SUFFIX: &str = "95F2EE3B8D808067EA0B2BEEE0C3E83E209:7\r\n";
