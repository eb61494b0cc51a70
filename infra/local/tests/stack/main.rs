//! Whole stacks, with real processes and over real sockets.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod messages;
mod processes;
mod start;

use std::path::{Path, PathBuf};

use gatehouse_local::{InvokeError, Stack, StackOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A stack with one function, and the directory of its key ring.
struct TestStack {
    stack: Stack,
    directory: TempDir,
}

impl TestStack {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut StackOptions)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut options = options(directory.path());
        change(&mut options);
        Self {
            stack: Stack::start(options).await.unwrap(),
            directory,
        }
    }

    async fn invoke(&self, event: &Value) -> Result<Value, InvokeError> {
        let response = self
            .stack
            .invoke("function", event.to_string().as_bytes())
            .await?;
        Ok(serde_json::from_slice(&response).unwrap())
    }

    async fn pid(&self) -> u64 {
        pid(&self.invoke(&json!({})).await.unwrap())
    }
}

fn pid(response: &Value) -> u64 {
    response["pid"].as_u64().unwrap()
}

fn options(work_dir: &Path) -> StackOptions {
    StackOptions {
        template: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template.yaml"),
        bin_dir: examples(),
        work_dir: work_dir.to_owned(),
        ..StackOptions::default()
    }
}

/// Returns the directory where Cargo puts the example `function`.
fn examples() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples")
}

/// Returns the state of a process from `/proc`; `None` if it no longer exists.
fn state(pid: u64) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ").unwrap().1.chars().next()
}

/// Yields until a process is in one of `states`; `Z` includes that it no longer
/// exists.
async fn until(pid: u64, states: &str) {
    while !states.contains(state(pid).unwrap_or('Z')) {
        tokio::task::yield_now().await;
    }
}
