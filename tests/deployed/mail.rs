//! Mail on the deployed stack: the stream, the queue and SES.

use std::time::Duration;

use anyhow::ensure;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{Message, MessageKind, Notices, Origin};
use gatehouse_store::Outbox;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::service::{self, code_in};
use gatehouse_tests::tables::{Tables, number};
use gatehouse_tests::{Person, Service, clock};
use serde_json::json;

/// The stream's mapping invokes the mailer, which finds that another attempt is being made,
/// and queues the key; the queue's mapping invokes it again, and SES gets the mail.
#[tokio::test]
async fn a_mail_that_cannot_be_sent_now_waits_in_the_queue() -> anyhow::Result<()> {
    ensure!(is_deployed(), "`cargo deployed` deploys a stack");
    let address = format!("queued-{}@example.org", service::address()?);
    let service = Service::shared().await?;
    let ada = Person::named("ada").with_email(address.clone());
    let ada = ada.is_imported(&service).await?;
    let table = service.table("OutboxTable").to_owned();
    let outbox = Outbox::new(service.tables(), table, Notices::none());
    let (sub, now) = (SubjectId::parse(&ada.id)?, clock::now()?);
    let kind = MessageKind::PasswordReset;
    let mut message = Message::new(kind, &sub, 1, Origin::KnownNetwork, now);
    message.attempted_at = Some(now);
    outbox.put(&message).await?;
    let mail = service.mail_to(&address).await?;
    assert!(code_in(&mail)?.starts_with("gh_rc_"), "{}", mail.subject);
    Ok(())
}

#[tokio::test]
async fn a_stack_without_mail_has_no_route_for_it() -> anyhow::Result<()> {
    ensure!(is_deployed(), "`cargo deployed` deploys a stack");
    let service = Service::shared_with(&[("MailFrom", "")]).await?;
    let ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    assert_eq!(service.table("OutboxTable"), "");
    let body = json!({ "username": ada.username });
    // Past `Service::send`: the reference has no response for a route that does not exist.
    let url = format!("{}/password/forgot", service.url());
    let forgot = reqwest::Client::new().post(url).json(&body).send().await?;
    assert_eq!(forgot.status(), 404);
    Ok(())
}

/// Off by default, so in no other test does `login` write a message.
#[tokio::test]
async fn a_login_from_a_new_network_causes_a_notice() -> anyhow::Result<()> {
    ensure!(is_deployed(), "`cargo deployed` deploys a stack");
    let address = format!("elsewhere-{}@example.org", service::address()?);
    let service = Service::shared_with(&[("MailNotices", "new_network")]).await?;
    let ada = Person::named("ada").with_email(address.clone());
    let mut ada = ada.is_imported(&service).await?;
    // A login right after registering causes no notice.
    let two_hours_ago = clock::now()?.minus(Duration::from_hours(2)).unix();
    let tables = Tables::of(&service);
    let aged = tables.set_user(&ada, "created_at", number(two_hours_ago));
    aged.await?;
    ada.log_in(&service).await?;
    let mail = service.mail_to(&address).await?;
    assert_eq!(mail.subject, "New login to your account at example.org");
    Ok(())
}
