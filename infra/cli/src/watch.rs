//! Runs the functions in `cargo lambda watch`, which rebuilds them when the code changes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::output::{self, Format};

/// A running `cargo lambda watch`.
pub(crate) struct Watch {
    child: Child,
}

/// Fails if cargo-lambda is not installed.
pub(crate) async fn check() -> anyhow::Result<()> {
    let mut command = Command::new("cargo");
    let output = command
        .args(["lambda", "--version"])
        .stdin(Stdio::null())
        .output()
        .await;
    if output.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    bail!(
        "--watch needs cargo-lambda: install it with `pip install cargo-lambda` or `cargo install cargo-lambda`"
    )
}

/// Chooses a free port for the invoke endpoint.
pub(crate) async fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("cannot find a free port")?;
    Ok(listener.local_addr()?.port())
}

impl Watch {
    /// Starts it and waits until it accepts invocations.
    pub(crate) async fn start(root: &Path, port: u16, environment: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("cargo");
        if output::format() == Format::Json {
            // Stdout has only our own object.
            command.stdout(std::io::stderr());
        }
        let child = command
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
            // The functions are its child processes, and one signal has to reach all of them.
            .process_group(0)
            .spawn()
            .context("cannot start cargo lambda watch")?;
        let mut watch = Self { child };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if watch.child.try_wait()?.is_some() {
                bail!("cargo lambda watch has exited; see its output above");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(watch)
    }

    /// Waits until it exits.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        self.child.wait().await?;
        bail!("cargo lambda watch has exited; see its output above")
    }
}

/// How long the functions may take to exit on their own.
const PATIENCE: Duration = Duration::from_secs(3);

/// Stops it and the functions, even if it is still starting.
impl Drop for Watch {
    fn drop(&mut self) {
        let group = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        let Some(group) = group else { return };
        // Both fail only if no process of the group is left.
        kill_process_group(group, Signal::TERM).unwrap_or_default();
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_process_group(group, Signal::KILL).unwrap_or_default();
    }
}
