//! The emulator of AWS, with a proxy between it and the functions.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudformation::Client;
use gatehouse_tests::emulator::{EmulatorProcess, KEY, url};
use gatehouse_tests::proxy::Proxy;
use tokio::time::{Instant, sleep};

use crate::tools::Tools;

/// A running emulator. Dropping it stops it and the functions that it runs.
#[derive(Debug)]
pub(crate) struct Emulator {
    proxy: Proxy,
    process: EmulatorProcess,
}

impl Emulator {
    /// Starts it on a free port. It enforces IAM, so every role must be sufficient.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let port = EmulatorProcess::free_port().await?;
        // Functions call the proxy; SAM and the tests call the emulator itself.
        let proxy = Proxy::start(&url(port)).await;
        let variables = [("AUTH", "true"), ("AWS_ENDPOINT_URL", proxy.url())];
        let process = EmulatorProcess::start(port, &variables).await?;
        Ok(Self { proxy, process })
    }

    /// The variables that direct programs to the emulator instead of AWS.
    pub(crate) fn environment(&self, tools: &Tools) -> BTreeMap<String, String> {
        let sam = tools.sam().join("sam");
        [
            ("AWS_ENDPOINT_URL", self.process.url()),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", KEY),
            ("SAM_CLI_TELEMETRY", "0"),
            ("SAM", &sam.to_string_lossy()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The same, for the SDK in this process.
    pub(crate) async fn config(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(self.process.url())
            .region(Region::from_static(REGION))
            .credentials_provider(Credentials::new(KEY, KEY, None, None, "emulator"))
            .load()
            .await
    }

    pub(crate) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// The stacks of this run, which have a common prefix.
    pub(crate) async fn stacks(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let client = Client::new(&self.config().await);
        let response = client.describe_stacks().send().await?;
        let names = response
            .stacks()
            .iter()
            .filter_map(|stack| stack.stack_name());
        Ok(names
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect())
    }

    /// Deletes stacks, and waits until they are gone.
    pub(crate) async fn delete(&self, stacks: &[String]) -> anyhow::Result<()> {
        let client = Client::new(&self.config().await);
        for stack in stacks {
            client.delete_stack().stack_name(stack).send().await?;
        }
        let deadline = Instant::now() + PATIENCE;
        for stack in stacks {
            while let Some(status) = status(&client, stack).await {
                ensure!(!status.ends_with("FAILED"), "{stack}: {status}");
                ensure!(Instant::now() < deadline, "{stack} still exists: {status}");
                sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }
}

/// The status of a stack; none if it is gone.
async fn status(client: &Client, stack: &str) -> Option<String> {
    let response = client
        .describe_stacks()
        .stack_name(stack)
        .send()
        .await
        .ok()?;
    let status = response
        .stacks()
        .first()?
        .stack_status()?
        .as_str()
        .to_owned();
    (status != "DELETE_COMPLETE").then_some(status)
}

/// How long the emulator may take to delete its stacks.
const PATIENCE: Duration = Duration::from_mins(1);
const REGION: &str = "us-east-1";
