//! `gatehouse local`, as a process of its own on free ports.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use rustix::process::{Pid, Signal, kill_process};

/// A running `gatehouse local`.
pub(crate) struct LocalProcess {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The lines of its log.
    pub(crate) shown: mpsc::Receiver<String>,
}

impl LocalProcess {
    /// Starts it; the functions must be built.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
            .args(["local", "--port", "0", "--dynamodb-port", "0"])
            .args(arguments)
            .current_dir(root())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let stderr = BufReader::new(child.stderr.take().context("stderr is a pipe")?);
        let (lines, shown) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                drop(lines.send(line));
            }
        });
        Ok(Self {
            child,
            stdout: BufReader::new(stdout),
            shown,
        })
    }

    /// Returns the next line on stdout.
    pub(crate) fn first_line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line)
    }

    /// Stops it as a shell does.
    pub(crate) fn stop(mut self) -> anyhow::Result<ExitStatus> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("no process id")?;
        kill_process(pid, Signal::TERM)?;
        Ok(self.child.wait()?)
    }
}
