//! Runs a script of this folder with Node. The scripts start Chromium themselves.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use gatehouse_tests::programs;
use gatehouse_tests::settings::setting;
use tokio::process::Command;
use tokio::time::timeout;

/// Where Debian's package `chromium` installs it; `CHROMIUM` names another one.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Node and Chromium, which run scripts.
#[derive(Debug)]
pub(crate) struct Scripts {
    chromium: String,
    folder: PathBuf,
}

impl Scripts {
    /// Finds Node and Chromium, and installs the pinned packages. Returns none if one of
    /// them is missing, so that the test is skipped.
    ///
    /// # Errors
    /// If one of them is missing and `CI` is set, or the packages cannot be installed.
    pub(crate) fn installed() -> anyhow::Result<Option<Self>> {
        let chromium = setting("CHROMIUM").unwrap_or_else(|| CHROMIUM.to_owned());
        if !programs::available(&["node", "npm", &chromium])? {
            return Ok(None);
        }
        let folder = root().join("tests/browser");
        programs::node_packages(&folder)?;
        Ok(Some(Self { chromium, folder }))
    }

    /// Runs a script with the service's URL as `API_URL`, and with further variables.
    ///
    /// # Errors
    /// If it fails; the message is its output.
    pub(crate) async fn run(
        &self,
        script: &str,
        service: &Service,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let running = Command::new("node")
            .arg(self.folder.join(script))
            .env("API_URL", service.url())
            .env("CHROMIUM", &self.chromium)
            .env("NO_PROXY", "localhost,127.0.0.1")
            .envs(variables.iter().copied())
            .kill_on_drop(true)
            .output();
        let ended = timeout(PATIENCE, running).await;
        let output = ended.with_context(|| format!("{script} did not end"))??;
        let (out, errors) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        ensure!(output.status.success(), "{script} failed:\n{out}{errors}");
        Ok(())
    }
}

/// How long a script may run. `chromium.mjs` gives up before, and says so.
const PATIENCE: Duration = Duration::from_mins(2);
