//! The search for secrets itself: `gatehouse_tests::canaries` runs in every test of this suite,
//! and ends it if a password, token, key, code or hash is where none may be.

use std::time::Duration;

use anyhow::ensure;
use gatehouse_tests::canaries::{self, Kind};
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::code_in;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::json;

/// A canary that is planted where a function logs it: the user agent of a refused login, and the
/// name in a response.
#[tokio::test]
async fn a_secret_in_a_log_line_or_in_a_response_is_found() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let agent = unique("planted-in-the-user-agent");
    canaries::plant(&agent);
    let body = json!({ "username": unique("nobody"), "password": "wrong" });
    let login = service.request(Method::POST, "/login").json(&body);
    let response = service.send(login.header("user-agent", &agent)).await?;
    response.assert_status(401);
    is_found_soon(&agent).await?;
    let name = unique("planted-in-a-response");
    canaries::plant(&name);
    Person::with_username(&name).register(&service).await?;
    is_found_soon(&name).await
}

async fn is_found_soon(planted: &str) -> anyhow::Result<()> {
    for _ in 0..100 {
        if canaries::is_found(planted) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(canaries::is_found(planted), "{planted} was not found");
    Ok(())
}

/// Every kind of secret is a canary once the suite uses it, and what is searched is counted.
#[tokio::test]
async fn every_kind_of_secret_is_searched_in_everything() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let before = canaries::tally();
    let email = format!("{}@example.org", unique("leaks"));
    let person = Person::named("leaks").with_email(email.clone());
    let mut person = person.register(&service).await?;
    person.log_in(&service).await?;
    let _refreshed = person.refreshes(&service).await?;
    let _code = code_in(&service.mail_to(&email).await?)?;
    let _client = ResourceServer::register(&service).await?;
    let _lines = service.logs().await?;
    let after = canaries::tally();
    for kind in [
        Kind::Password,
        Kind::AccessToken,
        Kind::RefreshToken,
        Kind::Code,
        Kind::ClientSecret,
        Kind::Key,
    ] {
        assert!(
            after.canaries.contains_key(&kind),
            "no {kind:?} is a canary"
        );
    }
    assert!(after.lines >= before.lines + 3, "{after:?}");
    assert!(after.responses >= before.responses + 3, "{after:?}");
    assert!(after.mails > before.mails, "{after:?}");
    assert!(after.bytes > before.bytes + 1_000, "{after:?}");
    Ok(())
}
