//! The mails that a service sends.

use anyhow::Context as _;
use gatehouse_local::Mail;

use super::Service;

impl Service {
    /// Returns the mails to an address, the oldest first, once everything that was to be
    /// mailed when this was called has been handled.
    ///
    /// # Panics
    /// If the service is deployed: such a test starts its service locally.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.stack().settled().await;
        let mut mails = self.stack().mails();
        mails.retain(|mail| mail.to == address);
        mails
    }

    /// Returns the newest mail to an address.
    ///
    /// # Errors
    /// If there is none, although everything has been handled.
    ///
    /// # Panics
    /// As [`mails_to`](Self::mails_to).
    pub async fn mail_to(&self, address: &str) -> anyhow::Result<Mail> {
        let newest = self.mails_to(address).await.pop();
        newest.with_context(|| format!("no mail was sent to {address}"))
    }
}

/// Returns the code in a mail.
///
/// # Errors
/// If it has none.
pub fn code_in(mail: &Mail) -> anyhow::Result<String> {
    let code = mail.code().map(str::to_owned);
    code.with_context(|| format!("the mail {:?} has no code", mail.subject))
}
