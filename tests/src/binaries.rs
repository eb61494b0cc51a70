//! The function binaries, built once per run of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, bail};

/// Returns the folder of the function binaries, after building them as `cargo local`
/// does, which reuses what Cargo compiled for the tests. `cargo deployed` tests the
/// functions as they are deployed.
///
/// # Errors
/// If the template cannot be read or the build fails.
pub fn folder() -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| build().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Returns the path of the command `gatehouse`, after building it.
///
/// # Errors
/// If the build fails.
pub fn command() -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            cargo_build(&["--bin", "gatehouse"])
                .map(|folder| folder.join("gatehouse"))
                .map_err(|error| format!("{error:#}"))
        })
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Returns the project's root.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

fn build() -> anyhow::Result<PathBuf> {
    let template = root().join("infra/template.yaml");
    let functions = gatehouse_local::all_function_names(&template)?;
    let binaries: Vec<&str> = functions.iter().flat_map(|name| ["--bin", name]).collect();
    cargo_build(&binaries).context("the functions could not be built")
}

/// Builds binaries; returns their folder.
fn cargo_build(binaries: &[&str]) -> anyhow::Result<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--quiet", "--target-dir"])
        .arg(target_folder())
        .args(binaries)
        .status()
        .context("cargo could not be started")?;
    if !status.success() {
        bail!("cargo build {} failed", binaries.join(" "));
    }
    Ok(target_folder().join("debug"))
}

/// Returns the target folder that this program was built into: tests are in `target/debug/deps`,
/// and programs in `target/debug`.
#[must_use]
pub fn target_folder() -> PathBuf {
    let program = std::env::current_exe().ok();
    let folder = program.as_deref().and_then(|program| {
        let folder = program.parent()?;
        let is_test = folder.ends_with("deps");
        folder.ancestors().nth(if is_test { 2 } else { 1 })
    });
    folder.map_or_else(|| root().join("target"), Path::to_owned)
}
