//! Mail, from a request to a mailbox: the outbox, its stream, the mailer, the queue, and SES.

use std::time::{Duration, Instant};

use anyhow::ensure;
use gatehouse_local::SesBehaviour;
use gatehouse_tests::service::{MAIL_FROM, code_in};
use gatehouse_tests::{Person, Service};
use serde_json::json;

const ADDRESS: &str = "ada@example.org";

/// Ada, whose account holds her address, forgets her password.
async fn forgets(service: &Service) -> anyhow::Result<Person> {
    let ada = Person::named("ada").with_email(ADDRESS.to_owned());
    let ada = ada.is_imported(service).await?;
    let body = json!({ "username": ada.username });
    let response = service.post("/password/forgot", &body).await?;
    response.assert_status(202);
    Ok(ada)
}

#[tokio::test]
async fn a_mailed_code_sets_a_password() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let mut ada = forgets(&service).await?;
    let mail = service.mail_to(ADDRESS).await?;
    assert!(mail.from.contains(MAIL_FROM.1), "{mail:?}");
    let code = code_in(&mail)?;
    "another long and winding passphrase".clone_into(&mut ada.password);
    let response = service.reset_password(&code, &ada.password).await?;
    response.assert_status(204);
    ada.log_in(&service).await?;
    let logs = service.logs().await?;
    assert!(!logs.iter().any(|line| line.contains(&code)), "{logs:?}");
    Ok(())
}

#[tokio::test]
async fn a_mail_that_ses_throttles_waits_in_the_queue_and_is_sent_later() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let ses = service.stack().ses();
    ses.behave(SesBehaviour::Refuse(429, "TooManyRequestsException"));
    forgets(&service).await?;
    assert_eq!(service.mails_to(ADDRESS).await?, []);
    let queued = || service.stack().queued("MailRetryQueue");
    assert_eq!(queued().unwrap_or_default().len(), 1);
    ses.behave(SesBehaviour::Accept);
    code_in(&service.delayed_mail_to(ADDRESS).await?)?;
    assert_eq!(queued().unwrap_or_default().len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_mail_waits_in_the_stream_while_the_queue_is_unreachable() -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let stack = service.stack();
    let refused = SesBehaviour::Refuse(429, "TooManyRequestsException");
    stack.ses().behave(refused);
    stack.set_queues_unreachable(true);
    forgets(&service).await?;
    let retried = "MailStreamMapping will be retried";
    let begun = Instant::now();
    while !stack.logs().iter().any(|line| line.contains(retried)) {
        ensure!(
            begun.elapsed() < Duration::from_secs(40),
            "nothing was tried again"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(stack.queued("MailRetryQueue").unwrap_or_default().len(), 0);
    stack.set_queues_unreachable(false);
    stack.ses().behave(SesBehaviour::Accept);
    code_in(&service.delayed_mail_to(ADDRESS).await?)?;
    Ok(())
}
