//! A subject's process: started without `fork`, measured through `/proc`.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::subject::Subject;

/// A process that ends with this value.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a subject. Nothing is set up between `fork` and `exec`, so that the standard
    /// library uses `posix_spawn`: copying this process would be measured as well.
    pub(crate) fn start(subject: &Subject, runtime_api: &str, log: &Path) -> io::Result<Self> {
        let log = fs::File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(&subject.program);
        command
            .args(&subject.arguments)
            .env_clear()
            .envs(
                subject
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                subject.memory_mb.to_string(),
            )
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        command.spawn().map(Self)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Returns how it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the CPU time of all threads of a process.
pub(crate) fn cpu_time(id: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{id}/task"));
    let nanoseconds = threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| {
            let statistics = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            statistics.split_whitespace().next()?.parse::<u64>().ok()
        });
    Duration::from_nanos(nanoseconds.sum())
}

/// Returns the highest resident memory of a process so far, in KiB.
pub(crate) fn peak_memory(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
