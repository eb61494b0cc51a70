//! `cargo long fuzz`: libFuzzer, one target after the other.
//!
//! Each goes on from the committed corpus and from what earlier runs found on this machine, which
//! is kept in `.gatehouse/fuzz`. It needs cargo-fuzz: `cargo install cargo-fuzz --locked`.

mod output;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::long_run;
use serde_json::json;

use output::Output;

/// How long each target is fuzzed without `--for`.
const EACH: Duration = Duration::from_mins(10);
/// What a target may use, in MiB; more is a crash.
const MEMORY: u32 = 256;
/// How long an input may take, in seconds; longer is a crash.
const TIMEOUT: u32 = 10;

fn main() -> ExitCode {
    match run_all() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(crashes) => {
            say(&format!("{crashes} targets crashed"));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Fuzzes every target, and returns how many crashed.
fn run_all() -> anyhow::Result<u64> {
    let listed = cargo_fuzz("list").output()?;
    ensure!(
        listed.status.success(),
        "cargo-fuzz is missing: cargo install cargo-fuzz --locked"
    );
    let targets = String::from_utf8(listed.stdout)?;
    let targets: Vec<&str> = targets.lines().collect();
    build()?;
    let each = long_run::time().map_or(EACH, |time| {
        let share = u32::try_from(targets.len()).unwrap_or(u32::MAX);
        time / share.max(1)
    });
    let mut crashes = 0;
    for target in targets {
        let output = run(target, each)?;
        say(&format!("{target}: {output}"));
        long_run::report(&json!({
            format!("{target} executions"): output.executions,
            "executions": output.executions,
            "crashes": u64::from(output.crashed),
        }));
        crashes += u64::from(output.crashed);
    }
    Ok(crashes)
}

/// Builds every target before the first one takes its time.
fn build() -> anyhow::Result<()> {
    let status = cargo_fuzz("build").args(BUILD).status()?;
    ensure!(status.success(), "the targets do not compile");
    Ok(())
}

/// Without a sanitizer, which this compiler lacks; safe Rust needs none.
const BUILD: [&str; 4] = [
    "--sanitizer",
    "none",
    "--target-dir",
    "../../../target/fuzz",
];

/// Fuzzes one target.
fn run(target: &str, time: Duration) -> anyhow::Result<Output> {
    let found = root().join(".gatehouse/fuzz").join(target);
    std::fs::create_dir_all(&found)?;
    let mut command = cargo_fuzz("run");
    command
        .args(BUILD)
        .arg(target)
        .args([&found, &committed(target)])
        .arg("--")
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        // 0 would be another seed in every run.
        .arg(format!(
            "-seed={}",
            long_run::seed() % u64::from(u32::MAX) + 1
        ))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={TIMEOUT}"))
        .args(["-print_final_stats=1", "-max_len=16384"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = command.spawn()?;
    let stderr = process.stderr.take().context("stderr is a pipe")?;
    let mut output = Output::default();
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        if output.read(&line) {
            say(&line);
        }
    }
    output.crashed = !process.wait()?.success();
    Ok(output)
}

/// cargo-fuzz passes options of the compiler that only nightly has, unless this is set.
fn cargo_fuzz(command: &str) -> Command {
    let mut fuzz = Command::new(env!("CARGO"));
    fuzz.current_dir(root().join("tests/fuzz/libfuzzer"))
        .args(["fuzz", command, "--fuzz-dir", "."])
        .env("RUSTC_BOOTSTRAP", "1");
    fuzz
}

fn committed(target: &str) -> PathBuf {
    let corpus: &Path = &root().join("tests/fuzz/corpus");
    corpus.join(target)
}

/// Reports progress.
fn say(line: &str) {
    // If stderr is closed, there is no reader.
    drop(writeln!(std::io::stderr(), "{line}"));
}
