//! The project that the command is run in.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::error::ErrorCode;

/// The template, relative to the project's root.
pub(crate) const TEMPLATE: &str = "infra/template.yaml";

/// Directory for keys and the functions' environment, ignored by Git.
pub(crate) const WORK_DIR: &str = ".gatehouse";

/// The data directory if `--data-dir` has no value, relative to the project's root. Every
/// command uses the same one.
pub(crate) const DATA_DIR: &str = ".gatehouse/data";

/// Returns the root of this repository.
#[cfg(test)]
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the closest directory with the template: the current one or one above it.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot read the current directory")?;
    let mut above = here.ancestors();
    let root = above.find(|directory| directory.join(TEMPLATE).is_file());
    let root = root.ok_or_else(|| {
        ErrorCode::NoStack.error(format!(
            "no {TEMPLATE} in this directory or above it: run the command inside the project"
        ))
    })?;
    Ok(root.to_owned())
}
