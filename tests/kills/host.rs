//! A local stack in a process of its own, which can be killed: this test binary, once more.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gatehouse_local::{Stack, StackOptions};
use gatehouse_tests::binaries;
use gatehouse_tests::settings::setting;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A stack with a data directory, in its own process. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    pub(crate) addresses: Arc<Addresses>,
    /// From its start until it served.
    pub(crate) took: Duration,
}

/// What the process prints once it serves.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) url: String,
    pub(crate) dynamodb_url: String,
    pub(crate) users: String,
    pub(crate) sessions: String,
    pub(crate) revocations: String,
}

/// The variables that make this binary a host: the data directory, and that of the functions.
const DATA_DIR: &str = "GATEHOUSE_KILLS_DATA_DIR";
const BIN_DIR: &str = "GATEHOUSE_KILLS_BIN_DIR";
/// What the line with the addresses begins with; libtest may have written something before it.
const READY: &str = "the stack serves: ";

impl Host {
    /// Starts a process, and waits until it serves.
    ///
    /// # Errors
    /// If it ends before that.
    pub(crate) async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut child = spawn(data_dir)?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, addresses)) = line.split_once(READY) {
                return Ok(Self {
                    child,
                    addresses: Arc::new(serde_json::from_str(addresses)?),
                    took: began.elapsed(),
                });
            }
        }
        let output = child.wait_with_output().await?;
        anyhow::bail!(
            "the stack did not start: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    }

    /// Kills the process, and waits until it is gone.
    ///
    /// # Errors
    /// If it has already ended.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.child.try_wait()?.is_none(),
            "the stack has ended by itself"
        );
        Ok(self.child.kill().await?)
    }
}

/// Starts a process and kills it after a while, whatever it has done by then.
///
/// # Errors
/// If it cannot be started.
pub(crate) async fn kill_during_start(data_dir: &Path, after: Duration) -> anyhow::Result<()> {
    let mut child = spawn(data_dir)?;
    tokio::time::sleep(after).await;
    Ok(child.kill().await?)
}

fn spawn(data_dir: &Path) -> anyhow::Result<Child> {
    let child = Command::new(std::env::current_exe()?)
        .args([
            "host::a_stack_serves_until_it_is_killed",
            "--exact",
            "--ignored",
        ])
        .env(DATA_DIR, data_dir)
        .env(BIN_DIR, binaries::folder()?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    child.context("the stack cannot be started")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the other tests kill"]
async fn a_stack_serves_until_it_is_killed() -> anyhow::Result<()> {
    let data_dir = setting(DATA_DIR).context("only the other tests start it")?;
    let stack = Stack::start(StackOptions {
        template: binaries::root().join("infra/template.yaml"),
        bin_dir: setting(BIN_DIR).context("no functions")?.into(),
        data_dir: Some(data_dir.into()),
        ..StackOptions::default()
    });
    let stack = stack.await?;
    let table = |id| stack.table(id).unwrap_or_default().to_owned();
    let addresses = Addresses {
        url: stack.url().to_owned(),
        dynamodb_url: stack.dynamodb_url().to_owned(),
        users: table("UsersTable"),
        sessions: table("SessionsTable"),
        revocations: table("RevocationsTable"),
    };
    let line = format!("{READY}{}", serde_json::to_string(&addresses)?);
    // Not captured, unlike what `println!` writes.
    std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{line}\n"))?;
    std::future::pending().await
}
