//! The tools of a deployment, in the project's own virtual environments.

use std::path::{Path, PathBuf};
use std::process::Command;

use gatehouse_tests::binaries::root;
use gatehouse_tests::sam::run;
use gatehouse_tests::settings::setting;
use gatehouse_tests::venv;

/// The folders of the tools.
#[derive(Debug)]
pub(crate) struct Tools {
    sam: PathBuf,
}

impl Tools {
    /// Installs what is missing, in the versions that the list pins. The emulator has an
    /// environment of its own, since it needs another version of a library.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let sam = venv::sam()?;
        Ok(Self { sam })
    }

    /// Builds the functions as they are deployed, except for the profile: `emulator`
    /// compiles within minutes. Returns their names.
    pub(crate) fn build_functions(&self) -> anyhow::Result<Vec<String>> {
        let functions = gatehouse_local::all_function_names(&root().join("infra/template.yaml"))?;
        let mut command = Command::new(self.sam.join("cargo-lambda"));
        // cargo-lambda looks for Zig, which was installed with it, on the path.
        let path = setting("PATH").unwrap_or_default();
        command
            .current_dir(root())
            .env("PATH", format!("{}:{path}", self.sam.display()))
            .args(["lambda", "build", "--profile", "emulator"])
            .args(functions.iter().flat_map(|name| ["-p", name]));
        run(&mut command)?;
        Ok(functions)
    }

    /// The folder of SAM, cargo-lambda and Zig.
    pub(crate) fn sam(&self) -> &Path {
        &self.sam
    }
}
