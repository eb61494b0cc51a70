//! A running service: a stack of a test's own, one that tests share, or a deployed one.

mod mail;
mod outage;
mod recording;
mod requests;
mod start;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use gatehouse_auth::key::KeyRing;
use gatehouse_auth::random;
use gatehouse_local::Stack;
use gatehouse_store::{Connection, ConnectionSettings};
use reqwest::Client;
use tempfile::TempDir;

use crate::canaries;
use crate::deployment::{Deployment, Parameters};
use crate::local;

pub use mail::code_in;
pub use outage::Outage;

/// A running service, and an HTTP client with its own address.
#[derive(Debug)]
pub struct Service {
    host: Host,
    client: Client,
}

/// The header that names a request's client, on stacks that tests share: counters of
/// failed logins are per address.
pub const CLIENT_ADDRESS_HEADER: &str = "x-client-address";
/// The parameter `ClientAddress` with which a stack reads that header.
pub const CLIENT_ADDRESS: &str = "header:x-client-address";

/// Returns an address that no other client has.
///
/// # Errors
/// If there is no randomness.
pub fn address() -> anyhow::Result<String> {
    let [second, third, fourth] = random::bytes()?;
    Ok(format!("10.{second}.{third}.{fourth}"))
}

/// The parameter with which the stacks that tests share have mail. Without it, they would
/// lack routes.
pub const MAIL_FROM: (&str, &str) = ("MailFrom", "auth@example.org");

/// Returns parameters of the template, as a stack takes them.
#[must_use]
pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What runs the service.
#[derive(Debug)]
enum Host {
    /// A local stack of the test's own; its files are in `work`.
    Own { stack: Box<Stack>, work: TempDir },
    /// A local stack that other tests use too.
    Shared(Arc<Stack>),
    /// A deployed stack, which all tests use.
    Deployed(Arc<Deployment>),
}

impl Service {
    /// Returns the local stack underneath, for what only a stack on this machine can
    /// do: kill its processes, for example.
    ///
    /// # Panics
    /// If the service is deployed: such a test starts its service locally.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that should have started it locally")]
    pub fn stack(&self) -> &Stack {
        match &self.host {
            Host::Own { stack, .. } => stack,
            Host::Shared(stack) => stack,
            Host::Deployed(_) => panic!("a deployed stack has no local processes"),
        }
    }

    /// The API's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => self.stack().url(),
            Host::Deployed(deployment) => deployment.url(),
        }
    }

    /// The issuer of the tokens: the API's own URL, as the template spells it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => self.stack().url(),
            Host::Deployed(deployment) => deployment.output("TokenIssuer"),
        }
    }

    /// A client of the service's tables.
    #[must_use]
    pub fn tables(&self) -> aws_sdk_dynamodb::Client {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => {
                let url = self.stack().dynamodb_url();
                Connection::open(&ConnectionSettings::for_local_stack(url)).tables()
            }
            Host::Deployed(deployment) => deployment.tables(),
        }
    }

    /// The name of a table by its logical id in the template; empty if there is none.
    #[must_use]
    pub fn table(&self, logical_id: &str) -> &str {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => {
                self.stack().table(logical_id).unwrap_or_default()
            }
            Host::Deployed(deployment) => deployment.resource(logical_id),
        }
    }

    /// The current key ring, including its private keys.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn key_ring(&self) -> anyhow::Result<String> {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => {
                Ok(std::fs::read_to_string(self.stack().key_ring_path())?)
            }
            Host::Deployed(deployment) => deployment.key_ring().await,
        }
    }

    /// The id of the key that signs, according to the current key ring.
    ///
    /// # Errors
    /// If the ring cannot be read.
    pub async fn signing_kid(&self) -> anyhow::Result<String> {
        let ring = KeyRing::parse(&self.key_ring().await?)?;
        let active = ring.active().context("no key signs")?;
        Ok(active.kid().to_string())
    }

    /// The lines that the functions have logged so far.
    ///
    /// # Errors
    /// If the logs cannot be read.
    pub async fn logs(&self) -> anyhow::Result<Vec<String>> {
        // A response waits only a moment for its lines, and this machine is busy.
        tokio::time::sleep(Duration::from_secs(1)).await;
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => Ok(self.stack().logs()),
            Host::Deployed(deployment) => deployment.logs().await,
        }
    }

    /// The environment that a function is given.
    ///
    /// # Errors
    /// If there is no such function.
    pub async fn environment(&self, function: &str) -> anyhow::Result<BTreeMap<String, String>> {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => {
                let environment = self.stack().function_environment(function).cloned();
                environment.with_context(|| format!("there is no function {function}"))
            }
            Host::Deployed(deployment) => deployment.environment(function).await,
        }
    }

    /// Invokes a function with an event, without the gateway. The inner error is what
    /// the function failed with.
    ///
    /// # Errors
    /// If there is no such function, or it did not respond at all.
    pub async fn invoke(
        &self,
        function: &str,
        event: &[u8],
    ) -> anyhow::Result<Result<Vec<u8>, String>> {
        match &self.host {
            Host::Own { stack, .. } => local::outcome(stack.invoke(function, event).await),
            Host::Shared(stack) => local::invoke(stack, function, event).await,
            Host::Deployed(deployment) => deployment.invoke(function, event).await,
        }
    }

    /// The id of the key ring's secret in rotation events; a local stack keeps the ring
    /// in a file, and accepts any id.
    #[must_use]
    pub fn secret(&self) -> &str {
        match &self.host {
            Host::Own { .. } | Host::Shared(_) => "local",
            Host::Deployed(deployment) => deployment.output("KeyRingSecretArn"),
        }
    }

    /// Runs the four steps of a rotation, as Secrets Manager does.
    ///
    /// # Errors
    /// If a step fails.
    pub async fn rotate_keys(&self) -> anyhow::Result<()> {
        for event in rotation_events(self.secret())? {
            if let Err(reason) = self.invoke("rotate-keys", event.as_bytes()).await? {
                bail!("a step of the rotation failed: {reason}");
            }
        }
        canaries::register_key_ring(&self.key_ring().await?);
        Ok(())
    }
}

/// The events of the four steps of one rotation.
///
/// # Errors
/// If there is no randomness for its token.
pub fn rotation_events(secret: &str) -> anyhow::Result<Vec<String>> {
    let token = u128::from_be_bytes(random::bytes()?);
    let steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
    let event = |step: &str| {
        serde_json::json!({
            "Step": step, "SecretId": secret, "ClientRequestToken": format!("{token:032x}"),
        })
        .to_string()
    };
    Ok(steps.map(event).into())
}
