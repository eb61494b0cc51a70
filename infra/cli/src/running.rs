//! The stacks that are running in this project, recorded for other commands. Each has a
//! directory with the functions' environment, which is locked while the stack runs.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gatehouse_local::private::{self, Lock};
use gatehouse_local::stack_directory;

use crate::environment_file;
use crate::error::ErrorCode;
use crate::project::WORK_DIR;

/// The record of a stack that this process runs. Dropping it removes the record.
pub(crate) struct RecordedStack {
    environment: PathBuf,
    /// The file that `cargo lambda watch` reads by default, if it belongs to this stack.
    shared: Option<PathBuf>,
    _lock: Lock,
}

impl RecordedStack {
    /// Records a stack. The first one in a project is also the one that `cargo lambda` uses
    /// by default.
    pub(crate) fn create(
        root: &Path,
        port: u16,
        variables: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let is_first = all(root)?.is_empty();
        let work_dir = root.join(WORK_DIR);
        let directory = stack_directory(&work_dir, port);
        private::directory(&work_dir).with_context(|| work_dir.display().to_string())?;
        private::directory(&directory).with_context(|| directory.display().to_string())?;
        let lock = Lock::take(&directory).with_context(|| directory.display().to_string())?;
        let environment = environment_file::write(&directory, variables)?;
        let shared = if is_first {
            Some(environment_file::write(&work_dir, variables)?)
        } else {
            None
        };
        Ok(Self {
            environment,
            shared,
            _lock: lock,
        })
    }

    /// Returns the file with the functions' environment, for `cargo lambda --env-file`.
    pub(crate) fn environment(&self) -> &Path {
        &self.environment
    }

    /// Returns whether `cargo lambda watch` uses this stack by default.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }
}

impl Drop for RecordedStack {
    fn drop(&mut self) {
        for file in self.shared.iter().chain([&self.environment]) {
            // If a file cannot be removed, the released lock still shows that it is stale.
            drop(fs::remove_file(file));
        }
    }
}

/// A stack that is running in this project.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Running {
    /// Returns the URL of its API.
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

/// Returns the stack on `port`, or the only one that is running.
pub(crate) fn one(root: &Path, port: Option<u16>) -> anyhow::Result<Running> {
    let mut running = all(root)?;
    if let Some(port) = port {
        running.retain(|running| running.port == port);
        return match running.pop() {
            Some(running) => Ok(running),
            None => Err(ErrorCode::NoStack.error(format!(
                "no `cargo local` in this project is running on port {port}"
            ))),
        };
    }
    if running.len() > 1 {
        let urls: Vec<String> = running.iter().map(Running::url).collect();
        return Err(ErrorCode::NoStack.error(format!(
            "several `cargo local` are running in this project ({}): choose one with --port",
            urls.join(", ")
        )));
    }
    running.pop().ok_or_else(|| {
        ErrorCode::NoStack.error(
            "no `cargo local` is running in this project: start one, or pass --data-dir or --stack",
        )
    })
}

/// Returns every stack that is running in a project, sorted by port.
pub(crate) fn all(root: &Path) -> anyhow::Result<Vec<Running>> {
    let work_dir = root.join(WORK_DIR);
    let entries = match fs::read_dir(&work_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(error).with_context(|| work_dir.display().to_string()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let port = name.and_then(|name| name.strip_prefix("local-")?.parse().ok());
        let Some(port) = port.filter(|_| Lock::is_held(&path)) else {
            continue;
        };
        if let Some(variables) = environment_file::read(&path)? {
            found.push(Running { port, variables });
        }
    }
    found.sort_by_key(|running| running.port);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stacks_in_a_project_are_both_found_and_independent() {
        let root = tempfile::tempdir().unwrap();
        let variables = |table: &str| BTreeMap::from([("USERS_TABLE".into(), table.into())]);
        let ports = || -> Vec<u16> {
            let found = all(root.path()).unwrap();
            found.iter().map(|running| running.port).collect()
        };
        assert_eq!(ports(), [0_u16; 0]);
        let first = RecordedStack::create(root.path(), 3001, &variables("first")).unwrap();
        let second = RecordedStack::create(root.path(), 3000, &variables("second")).unwrap();
        assert!(first.is_shared() && !second.is_shared());
        assert_eq!(ports(), [3000, 3001]);
        let shared = root.path().join(".gatehouse");
        let error = one(root.path(), None).unwrap_err().to_string();
        assert!(error.contains("http://localhost:3001"), "{error}");
        assert_eq!(one(root.path(), Some(3000)).unwrap().port, 3000);
        drop(second);
        let error = one(root.path(), Some(3000)).unwrap_err().to_string();
        assert!(error.ends_with("is running on port 3000"), "{error}");
        assert_eq!(one(root.path(), None).unwrap().port, 3001);
        assert_eq!(ports(), [3001]);
        let read = environment_file::read(&shared).unwrap().unwrap();
        assert_eq!(read["USERS_TABLE"], "first");
        drop(first);
        assert_eq!(ports(), [0_u16; 0]);
        assert!(environment_file::read(&shared).unwrap().is_none());
    }
}
