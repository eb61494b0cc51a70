//! A project's directory, in which the tests run the command.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use gatehouse_local::private::Lock;
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use tempfile::TempDir;

/// A directory with only the template and samconfig.toml, so no build can succeed.
pub(crate) struct Project {
    directory: TempDir,
    /// The lock that a running `cargo local` holds.
    _lock: Option<Lock>,
}

/// The exit status and output of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status, unless a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }
}

impl Project {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let infra = directory.path().join("infra");
        std::fs::create_dir(&infra)?;
        for name in ["template.yaml", "samconfig.toml"] {
            std::fs::copy(root().join("infra").join(name), infra.join(name))?;
        }
        Ok(Self {
            directory,
            _lock: None,
        })
    }

    /// Creates a project with a running service, recorded in the same way as by `cargo local`.
    pub(crate) fn of(service: &Service) -> anyhow::Result<Self> {
        let project = Self::new()?;
        Ok(Self {
            _lock: Some(service.record_in(project.directory.path())?),
            ..project
        })
    }

    /// Returns a path in the project's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file in the project's directory.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.path(name), text)?)
    }

    /// Reads a file in the project's directory.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.path(name))?)
    }

    /// Returns a shell in the project's directory.
    pub(crate) fn shell(&self) -> Command {
        let mut shell = Command::new("sh");
        shell.current_dir(self.directory.path());
        shell
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
        command.args(words).current_dir(self.directory.path());
        command
    }

    /// Runs the command in a directory that is not in a project.
    pub(crate) fn without_project(words: &[&str]) -> anyhow::Result<Ended> {
        let empty = tempfile::tempdir()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
        ended(command.args(words).current_dir(empty.path()), "")
    }

    /// Runs the command with an empty stdin.
    pub(crate) fn run(&self, words: &[&str]) -> anyhow::Result<Ended> {
        ended(&mut self.command(words), "")
    }

    /// Runs the command with `input` on its stdin.
    pub(crate) fn run_with_input(&self, words: &[&str], input: &str) -> anyhow::Result<Ended> {
        ended(&mut self.command(words), input)
    }

    /// Runs `check` as on a machine without tools and credentials.
    pub(crate) fn check(&self, words: &[&str]) -> anyhow::Result<Ended> {
        let mut command = self.command(&["check"]);
        let home: &Path = self.directory.path();
        command.args(words).env_clear();
        command.env("PATH", home).env("HOME", home);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        ended(&mut command, "")
    }
}

pub(crate) fn ended(command: &mut Command, input: &str) -> anyhow::Result<Ended> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("stdin is a pipe")?;
    // A command that does not read stdin may have exited already.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output()?;
    Ok(Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}
