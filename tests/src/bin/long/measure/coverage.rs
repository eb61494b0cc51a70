//! Line coverage of the crates with the rules and the transactions.
//!
//! The compiler that is pinned has no `llvm-tools` of its own everywhere, so this also uses
//! those of the system: LLVM 19 reads what Rust 1.95 writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::long_run;
use serde_json::{Map, Value};

/// Where the profiles are written.
const FOLDER: &str = ".gatehouse/coverage";
/// Adds the compiler's flag to the crates of the workspace, and to no dependency.
const WRAPPER: &str = "tests/src/bin/long/measure/instrument.sh";
/// The tests of both crates, those of functions that are mostly code of these crates, and those that
/// run every operation.
const TESTS: [&str; 13] = [
    "test",
    "--locked",
    "--lib",
    "--test",
    "store",
    "--test",
    "made_elsewhere",
    "--test",
    "rotation",
    "--test",
    "login",
    "--test",
    "fault_matrix",
];
/// What is measured.
const CRATES: [(&str, &str); 2] = [("auth", "shared/auth/src/"), ("store", "shared/store/src/")];
/// The least share of lines that must run, in percent.
const LIMIT: u64 = 95;

pub(super) fn measure() -> anyhow::Result<()> {
    let folder = root().join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let (profdata, cov) = (tool("llvm-profdata")?, tool("llvm-cov")?);
    let objects = build()?;
    let status = cargo().args(TESTS).arg("--no-fail-fast").status()?;
    ensure!(status.success(), "the tests failed");
    let merged = folder.join("merged.profdata");
    let profiles = fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let mut merge = Command::new(profdata);
    merge.args(["merge", "-sparse", "-o"]).arg(&merged);
    let status = merge.args(&profiles).status()?;
    ensure!(status.success(), "the profiles cannot be merged");
    let mut export = Command::new(cov);
    export.args(["export", "-summary-only", "-instr-profile"]);
    export.arg(&merged);
    for object in &objects {
        export.arg("-object").arg(object);
    }
    let output = export.output()?;
    ensure!(output.status.success(), "the coverage cannot be exported");
    judge(&serde_json::from_slice(&output.stdout)?)
}

/// Adds up the lines of each crate, without those of test modules, and reports them.
fn judge(export: &Value) -> anyhow::Result<()> {
    let files = export
        .pointer("/data/0/files")
        .and_then(Value::as_array)
        .context("there is no coverage")?;
    let mut figures = Map::new();
    let mut low = Vec::new();
    for (name, folder) in CRATES {
        let (mut lines, mut run) = (0, 0);
        for file in files {
            let path = file
                .get("filename")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if !path.contains(folder) || path.contains("/tests") || path.ends_with("testing.rs") {
                continue;
            }
            let count = |member: &str| {
                let count = file.pointer(&format!("/summary/lines/{member}"));
                count.and_then(Value::as_u64).unwrap_or_default()
            };
            lines += count("count");
            run += count("covered");
        }
        figures.insert(format!("{name}_lines"), lines.into());
        figures.insert(format!("{name}_lines_run"), run.into());
        if run * 100 < lines * LIMIT || lines == 0 {
            low.push(format!("{name}: {run} of {lines} lines"));
        }
    }
    long_run::report(&figures.into());
    ensure!(
        low.is_empty(),
        "less than {LIMIT} % run: {}",
        low.join(", ")
    );
    Ok(())
}

/// Builds the tests, and returns their executables.
fn build() -> anyhow::Result<BTreeSet<PathBuf>> {
    let output = cargo()
        .args(TESTS)
        .args(["--no-run", "--message-format=json"])
        .output()?;
    ensure!(output.status.success(), "the tests do not compile");
    let text = String::from_utf8(output.stdout)?;
    let executables = text.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    Ok(executables.collect())
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let profile = root().join(FOLDER).join("%p-%m.profraw");
    cargo
        .current_dir(root())
        .env("RUSTC_WORKSPACE_WRAPPER", root().join(WRAPPER))
        .env("LLVM_PROFILE_FILE", profile);
    cargo
}

/// Finds a tool of LLVM: that of the path, or the newest of the system's.
fn tool(name: &str) -> anyhow::Result<PathBuf> {
    let versions = (19..40).rev().map(|version| format!("{name}-{version}"));
    for name in versions.chain([name.to_owned()]) {
        for folder in ["/usr/bin", "/usr/local/bin"] {
            let path = Path::new(folder).join(&name);
            if path.exists() {
                return Ok(path);
            }
        }
    }
    anyhow::bail!("{name} is missing: install llvm-19 or a newer version")
}
