//! The process of the emulator of AWS, which is installed with Python.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::binaries::root;
use crate::venv;

/// Where its program and its log are.
const FOLDER: &str = ".gatehouse/deployed";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);
/// The access key of its administrator, and the secret.
pub const KEY: &str = "test";

/// A running emulator. Dropping it stops it.
#[derive(Debug)]
pub struct EmulatorProcess {
    url: String,
    process: Child,
}

impl EmulatorProcess {
    /// Returns a port for [`start`](Self::start).
    ///
    /// # Errors
    /// If no port is free.
    pub async fn free_port() -> anyhow::Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("no port is free")?;
        Ok(listener.local_addr()?.port())
    }

    /// Installs the emulator if it is missing, and starts it on a port.
    ///
    /// # Errors
    /// If Python 3 or the network is missing, or it does not start.
    pub async fn start(port: u16, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let work = root().join(FOLDER);
        std::fs::create_dir_all(&work)?;
        let programs = venv::environment(&work.join("emulator"), "emulator.txt")?;
        let log = work.join("emulator.log");
        let log =
            File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let process = Command::new(programs.join("ministack"))
            .current_dir(&work)
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the emulator cannot be started")?;
        let url = url(port);
        let mut emulator = Self { url, process };
        emulator.wait(port).await?;
        Ok(emulator)
    }

    /// Returns the URL of its services.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn wait(&mut self, port: u16) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the emulator exited ({status}): see {FOLDER}/emulator.log");
            }
            ensure!(Instant::now() < deadline, "the emulator does not respond");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

/// Returns the URL of an emulator on a port.
#[must_use]
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
