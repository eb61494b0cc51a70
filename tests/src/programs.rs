//! Programs and Node packages that some suites need and a machine may lack.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};

use crate::settings::setting;

/// Returns true if all of these programs can be started. In CI a missing one is an error:
/// a check that stopped running would look like one that passes.
///
/// # Errors
/// If one is missing and `CI` is set.
#[expect(clippy::print_stderr, reason = "whoever runs the tests reads it")]
pub fn available(programs: &[&str]) -> anyhow::Result<bool> {
    for program in programs {
        let output = Command::new(program).arg("--version").output();
        if output.is_ok_and(|output| output.status.success()) {
            continue;
        }
        ensure!(setting("CI").is_none(), "{program} is missing");
        eprintln!("skipped: {program} is missing; install it to run this test");
        return Ok(false);
    }
    Ok(true)
}

/// Installs the Node packages that a folder's lockfile lists, unless they are installed.
///
/// # Errors
/// If Node, npm or the network is missing.
pub fn node_packages(folder: &Path) -> anyhow::Result<()> {
    // Tests of one binary run in parallel; the first one installs.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _first = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
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
