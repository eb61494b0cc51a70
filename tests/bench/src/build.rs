//! The release builds of the functions, each by itself, as for a deployment.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::function::Function;

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
    // Beside this program, wherever Cargo was told to build.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target
        .context("this program is in no directory")?
        .join("release"))
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

/// Returns the program of a function in a directory as Cargo or as cargo-lambda fills one.
pub(crate) fn program(directory: &Path, name: &str) -> PathBuf {
    let program = directory.join(name);
    if program.is_dir() {
        program.join("bootstrap")
    } else {
        program
    }
}
