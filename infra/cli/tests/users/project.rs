//! A project's directory in which a service runs, as the command finds it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use gatehouse_local::private::Lock;
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use tempfile::TempDir;

/// A directory with the template, and with what `cargo local` writes down.
pub(crate) struct Project {
    directory: TempDir,
    /// As a running `cargo local` has it.
    _lock: Lock,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    /// The exit status, unless a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    pub(crate) fn of(service: &Service) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
            std::fs::write(path, text)
        };
        let template = std::fs::read_to_string(root().join("infra/template.yaml"))?;
        write("infra/template.yaml", &template)?;
        let mut variables = String::new();
        for (name, value) in service.stack().shared_environment() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            variables.extend([&name, "=\"", &value, "\"\n"]);
        }
        let stack = format!(".gatehouse/local-{}", service.stack().address().port());
        write(&format!("{stack}/functions.env"), &variables)?;
        let lock = Lock::take(&directory.path().join(stack))?;
        Ok(Self {
            directory,
            _lock: lock,
        })
    }

    /// Writes a file in the project's directory.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.directory.path().join(name), text)?)
    }

    /// Reads a file in the project's directory.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.directory.path().join(name))?)
    }

    /// Returns a shell in the project's directory.
    pub(crate) fn shell(&self) -> Command {
        let mut shell = Command::new("sh");
        shell.current_dir(self.directory.path());
        shell
    }

    /// Runs the command with something on its stdin.
    pub(crate) fn run(&self, words: &[&str], input: &str) -> anyhow::Result<Ended> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
            .args(words)
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = command.stdin.take().context("stdin is a pipe")?;
        // A command that asks nothing may have ended before.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        let output = command.wait_with_output()?;
        Ok(Ended {
            succeeded: output.status.success(),
            code: output.status.code(),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }
}
