//! Mutations: cargo-mutants changes the code in one place at a time, and the tests must notice.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::long_run;
use serde_json::{Map, Value};

/// Where cargo-mutants writes what it did.
const FOLDER: &str = ".gatehouse/mutants";
/// The mutants that no test notices, each with the reason.
const SURVIVORS: &str = "docs/assurance/survivors.md";
/// How long one mutant takes, in seconds: it is compiled, and the tests run.
const EACH: u64 = 12;
/// The cases of a property test, in which a thousand notice what ten thousand do.
const CASES: &str = "1000";
/// The least share that is caught, in percent.
const LIMIT: u64 = 90;

/// Code that is changed, and the tests that must notice.
struct Group {
    name: &'static str,
    /// Globs of the files.
    files: &'static [&'static str],
    /// What `cargo test` builds.
    build: &'static [&'static str],
    /// The arguments of libtest, which choose tests.
    tests: &'static [&'static str],
}

const GROUPS: [Group; 5] = [
    Group {
        name: "verifier",
        files: &[
            "shared/auth/src/token/*.rs",
            "shared/auth/src/key/public.rs",
            "shared/auth/src/key/verifying.rs",
        ],
        build: &["--package=gatehouse-auth", "--lib"],
        tests: &["token::", "key::"],
    },
    Group {
        name: "refresh",
        files: &["shared/auth/src/refresh/*.rs"],
        build: &["--package=gatehouse-auth", "--lib"],
        tests: &["refresh::"],
    },
    Group {
        name: "guessing",
        files: &[
            "shared/auth/src/guessing.rs",
            "shared/auth/src/guessing/*.rs",
        ],
        build: &["--package=gatehouse-auth", "--lib"],
        tests: &["guessing::"],
    },
    Group {
        name: "authorizer",
        files: &["functions/authorizer/src/**/*.rs"],
        build: &[
            "--package=authorizer",
            "--package=gatehouse-tests",
            "--lib",
            "--test=audit",
            "--test=fault_matrix",
        ],
        tests: &[
            "a_denial",
            "event::",
            "response::",
            "hostile::",
            "mixing::",
            "policy",
        ],
    },
    Group {
        name: "accounts",
        files: &[
            "shared/store/src/accounts.rs",
            "shared/store/src/accounts/**/*.rs",
        ],
        // Left out: races, counters and pages, which would take most of the time.
        build: &["--package=gatehouse-store", "--lib", "--test=store"],
        tests: &[
            "--skip=five_hundred",
            "--skip=whatever_happens",
            "--skip=login_attempts::",
            "--skip=strangers_cannot",
            "--skip=page::",
            "--skip=clients::",
            "--skip=keys::",
        ],
    },
];

/// Runs all mutants of a group if there is no limit to the time, and otherwise as many as fit,
/// chosen by the seed, so that runs add up.
pub(super) fn measure(name: &str) -> anyhow::Result<()> {
    let group = GROUPS.iter().find(|group| group.name == name);
    let group = group.context("there is no such group")?;
    let reasons = fs::read_to_string(root().join(SURVIVORS))?;
    let (mut figures, mut unexplained) = (Map::new(), BTreeSet::new());
    let (mut caught, mut missed) = (0, 0);
    for (outcome, name) in &run(group)? {
        let count = match outcome.as_str() {
            "CaughtMutant" => {
                caught += 1;
                "caught"
            }
            // Such as a loop without an end: tests notice that as well.
            "Timeout" => {
                caught += 1;
                "timed_out"
            }
            "MissedMutant" => {
                missed += 1;
                if !reasons.contains(&format!("`{name}`")) {
                    unexplained.insert(name.clone());
                }
                "missed"
            }
            "Unviable" => "not_compiling",
            _ => continue,
        };
        let count = format!("{}_{count}", group.name);
        let before = figures.get(&count).and_then(Value::as_u64);
        figures.insert(count, (before.unwrap_or_default() + 1).into());
    }
    long_run::report(&figures.into());
    ensure!(caught > 0, "no mutant was caught");
    ensure!(
        caught * 100 >= (caught + missed) * LIMIT,
        "only {caught} of {} mutants were caught",
        caught + missed
    );
    ensure!(
        unexplained.is_empty(),
        "these survived, and {SURVIVORS} has no reason: {unexplained:#?}"
    );
    Ok(())
}

/// Runs mutants of a group, and returns the outcome and the name of each.
fn run(group: &Group) -> anyhow::Result<Vec<(String, String)>> {
    let folder = root().join(FOLDER).join(group.name);
    fs::create_dir_all(&folder)?;
    let mut mutants = cargo(group);
    if let Some(time) = long_run::time() {
        let parts = (list(group)? * EACH).div_ceil(time.as_secs().max(1)).max(1);
        let shard = long_run::seed() % parts;
        mutants.args(["--sharding", "round-robin"]);
        mutants.arg(format!("--shard={shard}/{parts}"));
    }
    mutants.arg("--output").arg(&folder);
    mutants.args(["--profile=mutants", "--baseline=skip"]);
    mutants.args(["--timeout=120", "--no-shuffle"]);
    // Built first, so that the time limit is only for the tests.
    for argument in group.build {
        mutants.arg(format!("--cargo-arg={argument}"));
    }
    mutants.arg("--").arg("--").args(group.tests);
    // It fails if a mutant survived; the outcomes say which.
    let status = mutants.status().context("install cargo-mutants")?;
    let path = folder.join("mutants.out/outcomes.json");
    ensure!(path.exists(), "cargo-mutants failed: {status}");
    read(&path)
}

/// Counts the mutants of a group.
fn list(group: &Group) -> anyhow::Result<u64> {
    let output = cargo(group).arg("--list").output()?;
    ensure!(output.status.success(), "install cargo-mutants");
    Ok(output.stdout.split(|byte| *byte == b'\n').count() as u64)
}

fn cargo(group: &Group) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(root())
        .arg("mutants")
        .args(group.files.iter().map(|file| format!("--file={file}")))
        .args(["--exclude-re", "impl (fmt::)?(Debug|Display)"])
        // Dependencies are compiled once for all runs.
        .env("CARGO_TARGET_DIR", root().join("target/mutants"))
        .env("PROPTEST_CASES", CASES)
        // That it fails is enough; a smaller case can take minutes.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0");
    cargo
}

fn read(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let outcomes: Value = serde_json::from_slice(&fs::read(path)?)?;
    let outcomes = outcomes.get("outcomes").and_then(Value::as_array);
    let outcomes = outcomes.context("cargo-mutants has another format")?;
    let outcomes = outcomes.iter().filter_map(|outcome| {
        let summary = outcome.get("summary")?.as_str()?;
        let name = outcome.pointer("/scenario/Mutant/name")?.as_str()?;
        Some((summary.to_owned(), without_position(name)))
    });
    Ok(outcomes.collect())
}

/// Returns the name of a mutant without its line, which other changes move.
fn without_position(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(change)) => format!("{file}:{change}"),
        _ => name.to_owned(),
    }
}
