//! The pinned clients, installed once for a run of the tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::Context;
use gatehouse_tests::binaries::root;
use gatehouse_tests::{programs, venv};
use serde_json::Value;

/// Returns true if Python and Node can be started.
///
/// # Errors
/// If one is missing and `CI` is set.
pub(crate) fn interpreters() -> anyhow::Result<bool> {
    programs::available(&["python3", "node", "npm", "jq"])
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
    programs::node_packages(&folder())
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
