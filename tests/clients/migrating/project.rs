//! A directory in which a test follows a page: its programs, and the command `gatehouse`
//! with a running service.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_local::private::Lock;
use gatehouse_tests::Service;
use gatehouse_tests::binaries::{self, root};
use gatehouse_tests::document::{self, Step};
use gatehouse_tests::settings::setting;
use tempfile::TempDir;

use super::page::Page;
use crate::install;

pub(crate) struct Project {
    directory: TempDir,
    /// The folder of the Python programs.
    programs: PathBuf,
    _lock: Lock,
}

impl Project {
    /// Writes the programs of a page into a project with a running service.
    pub(crate) fn of(page: &Page, service: &Service) -> anyhow::Result<Self> {
        let directory = TempDir::new()?;
        let infra = directory.path().join("infra");
        std::fs::create_dir(&infra)?;
        for name in ["template.yaml", "samconfig.toml"] {
            std::fs::copy(root().join("infra").join(name), infra.join(name))?;
        }
        for (name, program) in page.programs()? {
            std::fs::write(directory.path().join(name), program)?;
        }
        Ok(Self {
            _lock: service.record_in(directory.path())?,
            directory,
            programs: install::python()?,
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> anyhow::Result<String> {
        std::fs::read_to_string(self.path(name)).with_context(|| name.to_owned())
    }

    /// Returns a program that runs in the directory and finds Python's programs.
    pub(crate) fn command(&self, program: &str) -> Command {
        let others = setting("PATH").unwrap_or_default();
        let path = format!("{}:{others}", self.programs.display());
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env("PATH", path)
            .env("NO_PROXY", "localhost,127.0.0.1");
        command
    }

    /// Runs a Python script of `tests/clients/migrating` in the directory; returns what it
    /// prints.
    pub(crate) fn script(&self, name: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let script = scripts().join(name);
        let mut command = self.command("python");
        // The page's programs can be imported from the directory.
        command
            .arg(script)
            .args(arguments)
            .env("PYTHONPATH", self.directory.path());
        let output = command.output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{name}: {errors}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs commands of the page in one shell; the first one that fails ends it. `change`
    /// edits them first.
    pub(crate) async fn follow(
        &self,
        steps: Vec<Step>,
        change: impl Fn(String) -> String + Send + 'static,
    ) -> anyhow::Result<()> {
        ensure!(!steps.is_empty(), "the page has no commands");
        let mut shell = self.command("sh");
        shell.arg("-e");
        let gatehouse = binaries::command()?.display().to_string();
        let run = move || {
            document::run(&steps, shell, |commands| {
                change(commands.replace("cargo gatehouse", &gatehouse))
            })
        };
        tokio::task::spawn_blocking(run).await?
    }
}

/// The folder of the scripts that only the tests need.
pub(crate) fn scripts() -> PathBuf {
    root().join("tests/clients/migrating")
}
