//! The record of a running stack in a project's directory, by which the command finds it.

use std::path::Path;

use anyhow::Context as _;
use gatehouse_local::private::Lock;

use super::Service;

impl Service {
    /// Records the local stack in a project's directory in the same way as `cargo local`,
    /// until the lock is dropped.
    ///
    /// # Errors
    /// If the directory cannot be written.
    pub fn record_in(&self, project: &Path) -> anyhow::Result<Lock> {
        let mut variables = String::new();
        for (name, value) in self.stack().shared_environment() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            variables.extend([&name, "=\"", &value, "\"\n"]);
        }
        let port = self.stack().address().port();
        let directory = project.join(format!(".gatehouse/local-{port}"));
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join("functions.env"), variables)?;
        Lock::take(&directory).context("the record cannot be locked")
    }
}
