//! A directory in which a test follows a page: its programs, and the command `gatehouse`
//! with a running service.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_local::private::Lock;
use gatehouse_tests::Service;
use gatehouse_tests::binaries::{self, root};
use gatehouse_tests::document::{self, Step};
use gatehouse_tests::settings::setting;
use tempfile::TempDir;

use super::page::Page;
use super::server::Server;
use crate::install;

pub(crate) struct Project {
    directory: TempDir,
    /// The folder of the Python programs.
    programs: PathBuf,
    _lock: Lock,
}

impl Project {
    /// Creates a project with a running service.
    pub(crate) fn of(service: &Service) -> anyhow::Result<Self> {
        let directory = TempDir::new()?;
        let infra = directory.path().join("infra");
        std::fs::create_dir(&infra)?;
        for name in ["template.yaml", "samconfig.toml"] {
            std::fs::copy(root().join("infra").join(name), infra.join(name))?;
        }
        Ok(Self {
            _lock: service.record_in(directory.path())?,
            directory,
            programs: install::python()?,
        })
    }

    /// Writes the programs of a page, and appends what it appends to other files.
    pub(crate) fn write_programs(&self, page: &Page) -> anyhow::Result<()> {
        for (name, program) in page.programs("file")? {
            let path = self.path(name);
            std::fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
            std::fs::write(path, program)?;
        }
        for (name, part) in page.programs("append")? {
            let mut file = OpenOptions::new().append(true).open(self.path(name))?;
            file.write_all(part.as_bytes())?;
        }
        Ok(())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts a command of the page that serves an application; `more` is appended to it.
    /// It trusts this issuer, and its clock is ahead by a time.
    pub(crate) async fn serve(
        &self,
        step: &Step,
        more: &str,
        (issuer, ahead): (&str, Duration),
    ) -> anyhow::Result<Server> {
        let mut shell = self.command("sh");
        shell
            .arg("-c")
            // `exec`, so that the process that is killed is not just its shell.
            .arg(format!(
                "exec 2>&1\nexec env {} {more}",
                step.commands.trim_end()
            ))
            .env("API_URL", issuer)
            .env("CLIENT_SECRET", self.client_secret()?)
            .env("PYTHONPATH", scripts().join("clock"))
            .env("CLOCK_AHEAD", ahead.as_secs().to_string())
            .env("PYTHONUNBUFFERED", "1");
        Server::start(shell).await
    }

    /// Replaces or adds roles of ada with `gatehouse users roles`.
    pub(crate) async fn change_roles(&self, words: &str) -> anyhow::Result<()> {
        let step = Step {
            commands: format!("cargo gatehouse users roles ada {words}\n"),
            expected: vec!["ada now has the roles".to_owned()],
        };
        self.follow(vec![step], |commands| commands).await
    }

    /// Returns the secret in what `gatehouse clients create` printed into `client.txt`.
    fn client_secret(&self) -> anyhow::Result<String> {
        let printed = std::fs::read_to_string(self.path("client.txt"))?;
        let mut lines = printed.lines();
        let secret = lines.find_map(|line| line.strip_prefix("Client secret:"));
        let secret = secret.context("the command printed no secret")?;
        Ok(secret.trim().to_owned())
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
