//! Finds the project that the command is called in.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// The template, from the project's root.
pub(crate) const TEMPLATE: &str = "infra/template.yaml";

/// Where keys and the functions' environment are written; ignored by Git.
pub(crate) const WORK_DIR: &str = ".gatehouse";

/// What `--data-dir` without a value stands for, in every command, from the
/// project's root: `cargo local` keeps its tables and keys there.
pub(crate) const DATA_DIR: &str = ".gatehouse/data";

/// The root of this repository, for tests.
#[cfg(test)]
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the directory above (or at) the current one with the template.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("the current directory cannot be read")?;
    match here
        .ancestors()
        .find(|directory| directory.join(TEMPLATE).is_file())
    {
        Some(root) => Ok(root.to_owned()),
        None => bail!("there is no {TEMPLATE} here or above: call it within the project"),
    }
}
