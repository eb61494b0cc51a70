//! A service without its tables.

use std::io::Write as _;

use anyhow::{Context as _, bail};

use super::{Host, Service};
use crate::proxy;
use crate::settings::setting;

/// An outage of the tables, which ends when this is dropped; the embedded DynamoDB of a
/// local stack stays stopped.
#[derive(Debug)]
#[must_use = "the outage ends when it is dropped"]
pub struct Outage(Option<String>);

impl Service {
    /// Cuts the functions off from their tables until the result is dropped.
    ///
    /// # Errors
    /// If other tests use the stack, or if a deployed one has no proxy to switch off,
    /// because it runs on AWS.
    pub async fn cut_off_tables(&self) -> anyhow::Result<Outage> {
        match &self.host {
            Host::Own { stack, .. } => {
                stack.stop_dynamodb().await;
                Ok(Outage(None))
            }
            Host::Shared(_) => bail!("other tests use this stack: start one"),
            Host::Deployed(_) => {
                let proxy =
                    setting("GATEHOUSE_PROXY").context("there is no proxy to switch off")?;
                let switch = self.client.get(format!("{proxy}{}", proxy::DOWN));
                switch.send().await?.error_for_status()?;
                Ok(Outage(Some(proxy)))
            }
        }
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        // Without the tables every later test would fail, and none of them would say why.
        if let Some(proxy) = &self.0
            && let Err(error) = proxy::switch_on(proxy)
        {
            drop(writeln!(
                std::io::stderr(),
                "the proxy stays switched off: {error}"
            ));
        }
    }
}
