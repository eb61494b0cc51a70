//! The functions' programs, built as `cargo local --release` builds them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::{root, target_folder};

use crate::options::Options;

/// Returns the directory of the programs, after building them unless the options name one.
///
/// # Errors
/// If the template cannot be read or the build fails.
pub(crate) fn directory(options: &Options) -> anyhow::Result<PathBuf> {
    if let Some(directory) = &options.bin_dir {
        let directory = directory.canonicalize();
        return directory.context("the directory of --bin-dir cannot be read");
    }
    let names = gatehouse_local::all_function_names(&root().join("infra/template.yaml"))?;
    let packages = names.iter().flat_map(|name| ["--package", name]);
    let built = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--release", "--target-dir"])
        .arg(target_folder())
        .args(packages)
        .status()
        .context("cargo could not be started")?;
    ensure!(built.success(), "the functions could not be built");
    Ok(target_folder().join("release"))
}
