//! New passwords, looked up in a list of stolen ones where a deployment wants it.
//!
//! On a local stack always: the template takes no list but one by https.

use gatehouse_auth::password::Password;
use gatehouse_tests::person::unique;
use gatehouse_tests::{Response, Service};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const STOLEN: &str = "an old and stolen passphrase";

#[tokio::test]
async fn a_stolen_password_is_refused_with_a_reason_and_another_is_taken() -> anyhow::Result<()> {
    let service = service("fail_closed", Some(list().await?)).await?;
    let refused = register(&service, STOLEN).await?;
    is_told_as_stolen(&refused);
    let person = service.logged_in("ada").await?;
    let body = json!({ "current_password": person.password, "new_password": STOLEN });
    let request = service.request(Method::PUT, "/me/password");
    let request = request.bearer_auth(&person.access_token).json(&body);
    is_told_as_stolen(&service.send(request).await?);
    Ok(())
}

#[tokio::test]
async fn a_list_that_does_not_answer_keeps_nobody_out_unless_it_is_to() -> anyhow::Result<()> {
    let open = service("fail_open", None).await?;
    assert_eq!(register(&open, STOLEN).await?.status, 201);
    let closed = service("fail_closed", None).await?;
    let refused = register(&closed, STOLEN).await?;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "unavailable")
    );
    assert!(!refused.header("retry-after").is_empty());
    Ok(())
}

#[tokio::test]
async fn a_stolen_password_is_accepted_by_default() -> anyhow::Result<()> {
    let service = Service::start_locally(|_| ()).await?;
    assert_eq!(register(&service, STOLEN).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_list_that_would_never_be_asked_is_refused() -> anyhow::Result<()> {
    let service = service("off", Some(list().await?)).await?;
    assert_eq!(register(&service, STOLEN).await?.status, 500);
    let logs = service.logs().await?.join("\n");
    assert!(logs.contains("PWNED_PASSWORDS_URL"), "{logs}");
    Ok(())
}

fn is_told_as_stolen(response: &Response) {
    assert_eq!(
        (response.status, response.code().as_str()),
        (422, "weak_password"),
        "{response:?}"
    );
    assert_eq!(response.json()["errors"][0]["code"], "stolen");
    assert!(response.json()["suggestions"][0].is_string());
}

async fn register(service: &Service, password: &str) -> anyhow::Result<Response> {
    let body = json!({ "username": unique("breach"), "password": password });
    service.post("/register", &body).await
}

/// A service that asks a list, or an address where nobody responds.
async fn service(setting: &str, list: Option<String>) -> anyhow::Result<Service> {
    let nobody = || "http://127.0.0.1:9".to_owned();
    let url = list.unwrap_or_else(nobody);
    let started = Service::start_locally(|options| {
        options
            .parameters
            .insert("PwnedPasswords".into(), setting.into());
        options
            .environment
            .insert("PWNED_PASSWORDS_URL".into(), url);
    });
    started.await
}

/// A list that has one password.
async fn list() -> anyhow::Result<String> {
    let query = Password::parse(STOLEN)?.breach_query();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let range = format!("/range/{} ", query.prefix());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).await.unwrap_or_default();
            let asked = String::from_utf8_lossy(&bytes[..read]).into_owned();
            let line = if asked.contains(&range) { SUFFIX } else { "" };
            let response = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{line}");
            drop(stream.write_all(response.as_bytes()).await);
        }
    });
    Ok(url)
}

/// The digits of its SHA-1 that the list responses with, and a count.
const SUFFIX: &str = "95F2EE3B8D808067EA0B2BEEE0C3E83E209:7\r\n";
