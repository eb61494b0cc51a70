//! From a forgotten password to a new one, by mail.

use gatehouse_auth::id::SubjectId;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::code_in;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::json;

const NEW: &str = "another winding passphrase of mine";

/// Registers somebody, whose address an administrator has set.
async fn with_address(service: &Service) -> anyhow::Result<(Person, Person, String)> {
    let (admin, ada) = (
        service.administrator("grace").await?,
        service.registered("ada").await?,
    );
    let email = format!("{}@example.org", unique("ada"));
    let path = format!("/admin/users/{}", ada.id);
    let body = json!({ "email": email });
    let patched = admin.call(service, Method::PATCH, &path, &body).await?;
    patched.assert_status(200);
    Ok((admin, ada, email))
}

async fn forget(service: &Service, name: &str) -> anyhow::Result<()> {
    let body = json!({ "username": name });
    let response = service.post("/password/forgot", &body).await?;
    response.assert_status(202);
    Ok(())
}

#[tokio::test]
async fn a_mailed_code_sets_the_password_once_and_verifies_the_address() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (_, ada, email) = with_address(&service).await?;
    let there = ada.logs_in_again(&service).await?;
    forget(&service, &email).await?;
    let code = code_in(&service.mail_to(&email).await?)?;
    // Until it is used, nothing has changed.
    there.is_let_in(&service).await?;
    service
        .reset_password(&code, NEW)
        .await?
        .assert_no_content();
    there.is_logged_out(&service).await?;
    ada.cannot_log_in(&service).await?;
    let login = service.log_in(&email, NEW).await?;
    login.assert_status(200);
    let users = Tables::of(&service).users()?;
    let user = users.get(&SubjectId::parse(&ada.id)?).await?;
    assert!(user.is_some_and(|user| user.email_verified_at.is_some()));
    let again = service.reset_password(&code, &ada.password).await?;
    again.assert_problem(400, "invalid_code");
    Ok(())
}

#[tokio::test]
async fn whoever_is_disabled_or_has_no_address_gets_no_mail() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (admin, ada, email) = with_address(&service).await?;
    let path = format!("/admin/users/{}", ada.id);
    let body = json!({ "status": "disabled" });
    let patched = admin.call(&service, Method::PATCH, &path, &body).await?;
    patched.assert_status(200);
    let before = service.mails_to(&email).await?.len();
    for name in [&ada.username, &email] {
        forget(&service, name).await?;
    }
    assert_eq!(service.mails_to(&email).await?.len(), before);
    // Nobody has this address, so it gets none either.
    let nobodys = format!("{}@example.org", unique("nobody"));
    forget(&service, &nobodys).await?;
    assert!(service.mails_to(&nobodys).await?.is_empty());
    Ok(())
}

/// A stranger's requests must not end the code that the owner is about to use.
#[tokio::test]
async fn a_second_request_leaves_the_first_code_valid() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let (_, ada, email) = with_address(&service).await?;
    forget(&service, &ada.username).await?;
    let code = code_in(&service.mail_to(&email).await?)?;
    let before = service.mails_to(&email).await?.len();
    forget(&service, &email).await?;
    assert_eq!(service.mails_to(&email).await?.len(), before, "too soon");
    service
        .reset_password(&code, NEW)
        .await?
        .assert_no_content();
    Ok(())
}
