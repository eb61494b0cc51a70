//! Tools from `PyPI`, in the project's own virtual environments.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::binaries::root;
use crate::sam::run;

/// Creates a virtual environment from a list in `tests/deployed`, unless it exists;
/// returns the folder of its programs.
///
/// # Errors
/// If Python 3 or the network is missing.
pub fn environment(folder: &Path, list: &str) -> anyhow::Result<PathBuf> {
    let list = root().join("tests/deployed").join(list);
    let wanted = std::fs::read_to_string(&list)
        .with_context(|| format!("{} cannot be read", list.display()))?;
    let (programs, made) = (folder.join("bin"), folder.join("made-of.txt"));
    if std::fs::read_to_string(&made).is_ok_and(|was| was == wanted) {
        return Ok(programs);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(folder);
    run(&mut venv).context("Python 3 with its module venv is required")?;
    let mut pip = Command::new(programs.join("pip"));
    pip.args(["install", "--quiet", "--requirement"]).arg(&list);
    run(&mut pip)?;
    // Last, so that an interrupted installation starts again.
    std::fs::write(&made, &wanted)
        .with_context(|| format!("{} cannot be written", made.display()))?;
    Ok(programs)
}

/// Returns the folder of SAM, cargo-lambda and Zig.
///
/// # Errors
/// As [`environment`].
pub fn sam() -> anyhow::Result<PathBuf> {
    environment(&root().join(".gatehouse/deployed/sam"), "sam.txt")
}
