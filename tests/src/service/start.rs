//! How a service starts, or is found.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use gatehouse_local::{Stack, StackOptions};
use reqwest::Client;
use reqwest::header::HeaderMap;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{CLIENT_ADDRESS, CLIENT_ADDRESS_HEADER, Host, MAIL_FROM, Service, address, parameters};
use crate::canaries;
use crate::deployment::{self, Deployment};
use crate::local;
use crate::proxy::Proxy;
use crate::settings::Settings;

impl Service {
    /// Returns a service that other tests use at the same time: with the template's
    /// defaults, but for the client's address and with mail.
    ///
    /// # Errors
    /// If the functions do not build or the stack does not start.
    pub async fn shared() -> anyhow::Result<Self> {
        Self::shared_with(&[]).await
    }

    /// Returns a service that other tests with the same parameters use at the same time.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn shared_with(pairs: &[(&str, &str)]) -> anyhow::Result<Self> {
        if deployment::is_deployed() {
            let deployment = Deployment::with(&parameters(pairs)).await?;
            return Self::at(Host::Deployed(deployment));
        }
        Self::shared_locally_with(pairs).await
    }

    /// Returns a service that sends no mail, and that other tests use at the same time.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn without_mail() -> anyhow::Result<Self> {
        Self::shared_with(&[(MAIL_FROM.0, "")]).await
    }

    /// Starts a local stack with mail that no other test uses: for tests that make SES or
    /// the queue fail.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start_with_mail() -> anyhow::Result<Self> {
        Self::start_locally(|options| {
            options.parameters.extend(parameters(&[MAIL_FROM]));
        })
        .await
    }

    /// Returns a local stack that other tests with the same parameters use at the same
    /// time, even if the other tests use a deployed one.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn shared_locally_with(pairs: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut parameters = parameters(pairs);
        parameters.insert("ClientAddress".into(), CLIENT_ADDRESS.into());
        let (mail_from, address) = MAIL_FROM;
        let mail_from = parameters.entry(mail_from.into());
        mail_from.or_insert_with(|| address.into());
        Self::at(Host::Shared(local::shared(parameters).await?))
    }

    /// Starts a service with the template's defaults. No other test uses it, unless it is
    /// the deployed one: for tests that break it, or that count all items.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(|_| ()).await
    }

    /// Starts a service whose options `change` has changed; of a deployed stack it can
    /// only change the parameters.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start_with(change: impl FnOnce(&mut StackOptions)) -> anyhow::Result<Self> {
        let mut options = StackOptions::default();
        change(&mut options);
        if deployment::is_deployed() {
            let deployment = Deployment::with(&options.parameters).await?;
            return Self::at(Host::Deployed(deployment));
        }
        Self::start_here(options).await
    }

    /// Starts a local stack, even if the other tests use a deployed one.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start_locally(change: impl FnOnce(&mut StackOptions)) -> anyhow::Result<Self> {
        let mut options = StackOptions::default();
        change(&mut options);
        Self::start_here(options).await
    }

    /// Starts a local stack whose functions reach their tables through a proxy.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start_behind_a_proxy(
        change: impl FnOnce(&mut StackOptions),
    ) -> anyhow::Result<(Self, Proxy)> {
        let mut options = StackOptions::default();
        change(&mut options);
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let proxy = Proxy::counting(&format!("http://127.0.0.1:{port}")).await;
        options.dynamodb_port = port;
        let endpoint = ("AWS_ENDPOINT_URL".to_owned(), proxy.url().to_owned());
        options.environment.extend([endpoint]);
        Ok((Self::start_here(options).await?, proxy))
    }

    /// Starts a service that [`changed`](Self::changed) can change, tables and all.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start_to_change(name: &str) -> anyhow::Result<Self> {
        if deployment::is_deployed() {
            let settings = Settings::read().context("API_URL is not set")?;
            let name = format!("{}-{name}", settings.stack);
            let deployment = Deployment::deploy(&name, &BTreeMap::new()).await?;
            return Self::at(Host::Deployed(Arc::new(deployment)));
        }
        Self::keeping(TempDir::new()?, &[]).await
    }

    /// Starts a local stack to change in the same way, even if other tests use a deployed
    /// one.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub async fn start_locally_to_change(pairs: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::keeping(TempDir::new()?, pairs).await
    }

    /// Gives a service other parameters; its tables stay as they are.
    ///
    /// # Errors
    /// If it was not started to change, or as [`shared`](Self::shared).
    pub async fn changed(self, pairs: &[(&str, &str)]) -> anyhow::Result<Self> {
        match self.host {
            Host::Own { stack, work } => {
                stack.stop().await;
                Self::keeping(work, pairs).await
            }
            Host::Shared(_) => bail!("a stack that tests share does not change"),
            Host::Deployed(deployment) => {
                let changed = Deployment::deploy(deployment.stack(), &parameters(pairs)).await?;
                Self::at(Host::Deployed(Arc::new(changed)))
            }
        }
    }

    async fn keeping(work: TempDir, pairs: &[(&str, &str)]) -> anyhow::Result<Self> {
        let options = StackOptions {
            data_dir: Some(work.path().join("data")),
            parameters: parameters(pairs),
            ..StackOptions::default()
        };
        let stack = Box::new(local::start(options, &work).await?);
        Self::at(Host::Own { stack, work })
    }

    async fn start_here(options: StackOptions) -> anyhow::Result<Self> {
        let work = TempDir::new().context("no folder for the key ring")?;
        let stack = Box::new(local::start(options, &work).await?);
        Self::at(Host::Own { stack, work })
    }

    fn at(host: Host) -> anyhow::Result<Self> {
        if let Host::Own { stack, .. } = &host {
            register_keys(stack)?;
        } else if let Host::Shared(stack) = &host {
            register_keys(stack)?;
        }
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_ADDRESS_HEADER, address()?.parse()?);
        let client = Client::builder()
            .default_headers(headers)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()?;
        Ok(Self { host, client })
    }
}

/// Makes the private keys of a local stack canaries.
fn register_keys(stack: &Stack) -> anyhow::Result<()> {
    let ring = std::fs::read_to_string(stack.key_ring_path());
    canaries::register_key_ring(&ring.context("the key ring cannot be read")?);
    Ok(())
}
