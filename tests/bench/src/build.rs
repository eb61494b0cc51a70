//! The release builds of the functions, each by itself, as for a deployment.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::fixture::Function;

/// Builds functions, and returns the directory of the programs.
///
/// # Errors
/// If Cargo fails.
pub(crate) fn build(root: &Path, functions: &[Function]) -> anyhow::Result<PathBuf> {
    for function in functions {
        let status = Command::new("cargo")
            .args(["build", "--release", "--locked", "--package", function.name])
            .current_dir(root)
            .status()
            .context("cargo could not be started")?;
        ensure!(status.success(), "`{}` could not be built", function.name);
    }
    Ok(root.join("target/release"))
}

/// Returns the project's root, of which this crate is a part.
pub(crate) fn root() -> PathBuf {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_root
        .ancestors()
        .nth(2)
        .unwrap_or(crate_root)
        .to_owned()
}
