//! The mails of a deployed stack, which an emulator of SES keeps.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_local::Mail;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Deployment;

/// How long mails may take. One that waits in the queue takes up to 45 seconds.
const PATIENCE: Duration = Duration::from_mins(2);

impl Deployment {
    /// Returns the mails that all stacks have sent, the oldest first, once no message waits.
    ///
    /// # Errors
    /// If messages still wait after two minutes, or the stack is not on an emulator.
    pub async fn mails(&self) -> anyhow::Result<Vec<Mail>> {
        let deadline = Instant::now() + PATIENCE;
        while self.has_messages().await? {
            ensure!(Instant::now() < deadline, "a message is not mailed");
            sleep(Duration::from_millis(200)).await;
        }
        let endpoint = self.config.endpoint_url();
        let endpoint = endpoint.context("only an emulator shows what SES has sent")?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{endpoint}/_ministack/ses/messages");
        let kept: Value = client.get(url).send().await?.json().await?;
        let accounts = kept.get("messages").and_then(Value::as_object);
        let mails = accounts.into_iter().flatten();
        let mails = mails.filter_map(|(_, mails)| mails.as_array()).flatten();
        Ok((1..)
            .zip(mails)
            .map(|(number, mail)| read(number, mail))
            .collect())
    }

    /// Whether a message is in the outbox. Codes and counters have no kind.
    async fn has_messages(&self) -> anyhow::Result<bool> {
        let found = self
            .tables()
            .scan()
            .table_name(self.resource("OutboxTable"))
            .consistent_read(true)
            .filter_expression("attribute_exists(#kind)")
            .expression_attribute_names("#kind", "kind")
            .send()
            .await?;
        Ok(found.count() > 0)
    }
}

fn read(number: u64, mail: &Value) -> Mail {
    let text = |path: &str| crate::template::text(mail, path).to_owned();
    Mail {
        number,
        sent_at: 0,
        from: text("/Source"),
        to: text("/To/0"),
        subject: text("/Subject"),
        text: text("/BodyText"),
        html: text("/BodyHtml"),
        // The emulator does not keep these.
        headers: [].into(),
        template: None,
        template_data: Value::Null,
        configuration_set: None,
    }
}
