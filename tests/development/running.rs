//! A command that runs until it is interrupted, as it would in a terminal.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::project::Project;

/// A running command, and the file with its output.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
    shown: String,
}

impl Running {
    /// Starts a command line of the shell in the project.
    pub(crate) fn start(project: &Project, line: &str) -> anyhow::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let log = tempfile::NamedTempFile::new()?.into_temp_path().keep()?;
        let output = File::create(&log)?;
        let child = project
            .command("sh")
            .args(["-c", &format!("exec {line}")])
            // A terminal's Ctrl-C goes to the whole group.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{line} cannot be started"))?;
        Ok(Self {
            child,
            log,
            shown: line.to_owned(),
        })
    }

    /// Returns its output so far.
    pub(crate) fn output(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.log)?).into_owned())
    }

    /// Returns the dependencies that it compiled: for the project's own crates Cargo names
    /// a folder.
    pub(crate) fn compiled_dependencies(&self) -> anyhow::Result<Vec<String>> {
        let output = self.output()?;
        let compiled = output.lines().filter(|line| line.contains("Compiling "));
        let dependencies = compiled.filter(|line| !line.contains(" ("));
        Ok(dependencies.map(str::to_owned).collect())
    }

    /// Waits until a condition on the output holds.
    pub(crate) fn wait(&mut self, until: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !until(&self.output()?) {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}):\n{}", self.shown, self.output()?);
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{} is not ready:\n{}",
                self.shown,
                self.output()?
            );
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Presses Ctrl-C, and waits for it to exit.
    pub(crate) fn interrupt(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::INT);
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(
                begun.elapsed() < Duration::from_secs(20),
                "{} does not exit:\n{}",
                self.shown,
                self.output()?
            );
            sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            // This fails if no process is left in the group.
            kill_process_group(group, signal).unwrap_or_default();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            drop(self.interrupt());
            self.signal(Signal::KILL);
        }
        drop(std::fs::remove_file(&self.log));
    }
}

/// Returns a port that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Returns true if something listens on a port of this machine.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("localhost", port)).is_ok()
}

/// Cargo may have to compile the functions first.
const PATIENCE: Duration = Duration::from_mins(15);
