//! The pinned clients, installed once for a run of the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::{settings::setting, venv};
use serde_json::Value;

/// Returns true if Python and Node can be started. In CI a missing one is an error:
/// a check that stopped running would look like one that passes.
///
/// # Errors
/// If one is missing and `CI` is set.
#[expect(clippy::print_stderr, reason = "whoever runs the tests reads it")]
pub(crate) fn interpreters() -> anyhow::Result<bool> {
    for program in ["python3", "node", "npm"] {
        let output = Command::new(program).arg("--version").output();
        if output.is_ok_and(|output| output.status.success()) {
            continue;
        }
        ensure!(setting("CI").is_none(), "{program} is missing");
        eprintln!("skipped: {program} is missing; install it to run the clients");
        return Ok(false);
    }
    Ok(true)
}

/// Returns the folder of the Python programs, among them `python`.
///
/// # Errors
/// If Python 3 or the network is missing.
pub(crate) fn python() -> anyhow::Result<PathBuf> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let install = || {
        let list = "../clients/requirements.txt";
        venv::environment(&root().join(".gatehouse/clients"), list)
    };
    INSTALLED
        .get_or_init(|| install().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Installs the Node packages that the lockfile lists.
///
/// # Errors
/// If Node, npm or the network is missing.
pub(crate) fn node() -> anyhow::Result<()> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    INSTALLED
        .get_or_init(|| npm_ci(&folder()).map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Runs `npm ci`, unless it has already run for this lockfile.
fn npm_ci(folder: &Path) -> anyhow::Result<()> {
    let lock = std::fs::read_to_string(folder.join("package-lock.json"))?;
    let made = folder.join("node_modules/made-of.txt");
    if std::fs::read_to_string(&made).is_ok_and(|was| was == lock) {
        return Ok(());
    }
    let status = Command::new("npm")
        .args(["ci", "--silent", "--ignore-scripts", "--prefix"])
        .arg(folder)
        .status()
        .context("Node.js 20 or later with npm is required")?;
    ensure!(status.success(), "npm ci failed: {status}");
    // Last, so that an interrupted installation starts again.
    std::fs::write(&made, lock).with_context(|| format!("{} cannot be written", made.display()))
}

/// Returns the pinned version of every package, by its name in lower case.
pub(crate) fn versions() -> anyhow::Result<BTreeMap<String, String>> {
    let requirements = std::fs::read_to_string(folder().join("requirements.txt"))?;
    let pinned = requirements.lines().map(|line| {
        let (name, version) = line
            .split_once("==")
            .with_context(|| format!("requirements.txt does not pin {line}"))?;
        Ok((name.to_lowercase(), version.to_owned()))
    });
    let mut versions = pinned.collect::<anyhow::Result<BTreeMap<_, _>>>()?;
    let package = std::fs::read_to_string(folder().join("package.json"))?;
    let package: Value = serde_json::from_str(&package)?;
    let packages = package.get("dependencies").and_then(Value::as_object);
    for (name, version) in packages.context("package.json has no dependencies")? {
        let version = version.as_str().context("a version that is not a string")?;
        versions.insert(name.clone(), version.to_owned());
    }
    Ok(versions)
}

/// The folder of the scripts and the lists.
pub(crate) fn folder() -> PathBuf {
    root().join("tests/clients")
}
