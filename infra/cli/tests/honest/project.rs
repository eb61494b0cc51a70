//! A project with the template and nothing else, where no build can succeed.

#![expect(clippy::unwrap_used, reason = "only tests are here")]

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Where a command is run.
pub(crate) struct Project(TempDir);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let infra = directory.path().join("infra");
        std::fs::create_dir(&infra).unwrap();
        for name in ["template.yaml", "samconfig.toml"] {
            let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(name);
            std::fs::copy(file, infra.join(name)).unwrap();
        }
        Self(directory)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
        command.args(words).current_dir(self.0.path());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        ended(self.command(words).output().unwrap())
    }

    /// Runs `check` on a machine without tools and credentials.
    pub(crate) fn check(&self, words: &[&str]) -> Ended {
        let mut command = self.command(&["check"]);
        command.args(words).env_clear();
        command
            .env("PATH", self.0.path())
            .env("HOME", self.0.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        ended(command.output().unwrap())
    }
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
