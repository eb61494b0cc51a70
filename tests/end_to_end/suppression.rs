//! SES's list of the addresses that it sends nothing to, as administrators see it.

use gatehouse_tests::service::{self, MAIL_FROM, parameters};
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// Gives a user an address, and returns what an administrator sees of it.
async fn shown(
    service: &Service,
    admin: &Person,
    ada: &Person,
    address: &str,
) -> anyhow::Result<Value> {
    let path = format!("/admin/users/{}", ada.id);
    let body = json!({ "email": address });
    let patched = admin.call(service, Method::PATCH, &path, &body).await?;
    patched.assert_status(200);
    let shown = admin.get(service, &path).await?;
    shown.assert_status(200);
    Ok(shown.json()["email_suppression"].clone())
}

#[tokio::test]
async fn an_administrator_sees_whether_ses_sends_to_an_address() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let address = format!("ada-{}@example.org", service::address()?);
    assert_eq!(shown(&service, &admin, &ada, &address).await?, "not_listed");
    Ok(())
}

#[tokio::test]
async fn an_address_that_bounced_is_listed() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    service.stack().ses().suppress("ada@example.org");
    let listed = shown(&service, &admin, &ada, "ada@example.org").await?;
    assert_eq!(listed, "listed");
    Ok(())
}

/// A user who cannot verify an address needs the operator to see that mails to it bounce.
#[tokio::test]
async fn an_address_that_waits_is_looked_up_if_none_is_held() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let admin = service.administrator("grace").await?;
    let waiting = "waiting@example.org";
    service.stack().ses().suppress(waiting);
    let ada = Person::named("ada").with_email(waiting.to_owned());
    let ada = ada.register(&service).await?;
    let path = format!("/admin/users/{}", ada.id);
    let shown = admin.get(&service, &path).await?.json();
    assert_eq!(shown["pending_email"], waiting);
    assert_eq!(shown["email_suppression"], "listed");
    Ok(())
}

/// SES is not needed for anything else here.
#[tokio::test]
async fn a_user_is_shown_although_ses_is_unreachable() -> anyhow::Result<()> {
    let service = Service::start_locally(|options| {
        options.parameters.extend(parameters(&[MAIL_FROM]));
        let nowhere = "http://127.0.0.1:1".to_owned();
        let endpoint = ("AWS_ENDPOINT_URL_SESV2".to_owned(), nowhere);
        options.environment.extend([endpoint]);
    })
    .await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let unknown = shown(&service, &admin, &ada, "ada@example.org").await?;
    assert_eq!(unknown, "unknown");
    Ok(())
}

#[tokio::test]
async fn without_mail_nobody_asks_ses() -> anyhow::Result<()> {
    let service = Service::start_locally(|_| ()).await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let absent = shown(&service, &admin, &ada, "ada@example.org").await?;
    assert_eq!(absent, Value::Null);
    Ok(())
}
