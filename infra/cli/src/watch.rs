//! Hands the functions to `cargo lambda watch`, which rebuilds what changes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A running `cargo lambda watch`.
pub(crate) struct Watch {
    child: Child,
}

/// Says in one sentence when cargo-lambda is missing.
pub(crate) async fn check() -> anyhow::Result<()> {
    let mut command = Command::new("cargo");
    let asked = command
        .args(["lambda", "--version"])
        .stdin(Stdio::null())
        .output()
        .await;
    if asked.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    bail!(
        "--watch needs cargo-lambda: `pip install cargo-lambda` or `cargo install cargo-lambda` installs it"
    )
}

/// Chooses a free port for the invoke endpoint.
pub(crate) async fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("there is no free port")?;
    Ok(listener.local_addr()?.port())
}

impl Watch {
    /// Starts it, and waits until it takes invocations.
    pub(crate) async fn start(root: &Path, port: u16, environment: &Path) -> anyhow::Result<Self> {
        let child = Command::new("cargo")
            .current_dir(root)
            .args([
                "lambda",
                "watch",
                "--invoke-address",
                "127.0.0.1",
                "--invoke-port",
            ])
            .arg(port.to_string())
            .arg("--env-file")
            .arg(environment)
            .stdin(Stdio::null())
            // The functions are its children: one signal has to reach them all.
            .process_group(0)
            .spawn()
            .context("cargo lambda watch cannot be started")?;
        let mut watch = Self { child };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if watch.child.try_wait()?.is_some() {
                bail!("cargo lambda watch has ended: it says why above");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(watch)
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        self.child.wait().await?;
        bail!("cargo lambda watch has ended: it says why above")
    }
}

/// Ends it with the functions, also if it has not finished starting.
impl Drop for Watch {
    fn drop(&mut self) {
        let group = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        let Some(group) = group else { return };
        // Both fail only if nothing is left of the group.
        kill_process_group(group, Signal::TERM).unwrap_or_default();
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_process_group(group, Signal::KILL).unwrap_or_default();
    }
}

/// How long functions may take to end by themselves.
const PATIENCE: Duration = Duration::from_secs(3);
