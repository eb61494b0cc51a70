//! The mails that a service sends.

use std::time::Duration;

use anyhow::Context as _;
use gatehouse_local::Mail;

use super::{Host, Service};
use crate::canaries;

/// How long a test waits for the functions that send mail: a cold start on a busy machine,
/// and a send that times out.
const PATIENCE: Duration = Duration::from_secs(40);

impl Service {
    /// Returns the mails to an address, the oldest first, once everything that was to be
    /// mailed when this was called has been handled.
    ///
    /// # Errors
    /// If it is not handled, or the service is deployed elsewhere than on an emulator.
    pub async fn mails_to(&self, address: &str) -> anyhow::Result<Vec<Mail>> {
        let mut mails = if let Host::Deployed(deployment) = &self.host {
            deployment.mails().await?
        } else {
            let settled = tokio::time::timeout(PATIENCE, self.stack().settled());
            settled.await.context("the mailer has not handled all")?;
            self.stack().mails()
        };
        for mail in &mails {
            let text = [&*mail.subject, &mail.text, &mail.html].join("\n");
            let data = mail.template_data.to_string();
            canaries::check_mail(&format!("{text}\n{data}"), mail.code());
        }
        mails.retain(|mail| mail.to == address);
        Ok(mails)
    }

    /// Returns the newest mail to an address.
    ///
    /// # Errors
    /// If there is none, although everything has been handled.
    pub async fn mail_to(&self, address: &str) -> anyhow::Result<Mail> {
        let newest = self.mails_to(address).await?.pop();
        newest.with_context(|| format!("no mail was sent to {address}"))
    }

    /// Returns the first mail to an address, although SES refused it before: moves the
    /// queue's clock until the mailer sends it. The mailer has a clock of its own, and sends
    /// nothing again within seconds.
    ///
    /// # Errors
    /// If it is not sent.
    ///
    /// # Panics
    /// If the service is deployed: such a test starts its service locally.
    pub async fn delayed_mail_to(&self, address: &str) -> anyhow::Result<Mail> {
        let sent = async {
            loop {
                self.stack().advance_queues(LONGEST_DELAY);
                if let Some(mail) = self.mails_to(address).await?.pop() {
                    return Ok(mail);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let sent = tokio::time::timeout(PATIENCE, sent).await;
        sent.context("the mail was not sent again")?
    }
}

/// No message of a queue is delayed for longer.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// Returns the code in a mail.
///
/// # Errors
/// If it has none.
pub fn code_in(mail: &Mail) -> anyhow::Result<String> {
    let code = mail.code().map(str::to_owned);
    code.with_context(|| format!("the mail {:?} has no code", mail.subject))
}
