//! The emulator of AWS, with a proxy between it and the functions.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudformation::Client;
use gatehouse_tests::proxy::Proxy;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::tools::Tools;

/// A running emulator. Dropping it stops it and the functions that it runs.
#[derive(Debug)]
pub(crate) struct Emulator {
    url: String,
    proxy: Proxy,
    process: Child,
}

impl Emulator {
    /// Starts it on a free port. It enforces IAM, so every role must be sufficient.
    pub(crate) async fn start(tools: &Tools, work: &Path) -> anyhow::Result<Self> {
        let port = free_port().await?;
        let url = format!("http://127.0.0.1:{port}");
        // Functions call the proxy; SAM and the tests call the emulator itself.
        let proxy = Proxy::start(&url).await;
        let log = work.join("emulator.log");
        let log =
            File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let process = Command::new(tools.emulator())
            .current_dir(work)
            .env("GATEWAY_PORT", port.to_string())
            .env("AUTH", "true")
            .env("AWS_ENDPOINT_URL", proxy.url())
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the emulator cannot be started")?;
        let mut emulator = Self {
            url,
            proxy,
            process,
        };
        emulator.wait(port).await?;
        Ok(emulator)
    }

    /// The variables that direct programs to the emulator instead of AWS.
    pub(crate) fn environment(&self, tools: &Tools) -> BTreeMap<String, String> {
        let sam = tools.sam().join("sam");
        [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
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
            .endpoint_url(&self.url)
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

    async fn wait(&mut self, port: u16) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the emulator exited ({status}): see its log");
            }
            ensure!(Instant::now() < deadline, "the emulator does not respond");
            sleep(Duration::from_millis(100)).await;
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

async fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// How long the emulator may take to start, or to delete its stacks.
const PATIENCE: Duration = Duration::from_mins(1);
const REGION: &str = "us-east-1";
/// The access key of the emulator's administrator.
const KEY: &str = "test";
