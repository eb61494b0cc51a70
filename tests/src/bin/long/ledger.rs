//! The ledger of long runs: a committed file with a line of JSON for each part that ran.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use serde::{Deserialize, Serialize};

/// What one run of one part did.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// When it began, in UTC.
    pub(crate) date: String,
    /// The commit, and `+` if files differed from it.
    pub(crate) commit: String,
    pub(crate) part: String,
    pub(crate) seed: u32,
    /// How many of each thing it tried or found.
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) seconds: u64,
    /// The processor, and how many of its cores.
    pub(crate) machine: String,
    pub(crate) passed: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.passed { "passed" } else { "FAILED" };
        write!(
            formatter,
            "{} {result} after {} s: {:?}",
            self.part, self.seconds, self.counts
        )
    }
}

/// Reads all lines.
///
/// # Errors
/// If the file cannot be read, or a line is not an entry.
pub(crate) fn read() -> anyhow::Result<Vec<Entry>> {
    let text = fs::read_to_string(path()).context("the ledger cannot be read")?;
    let entries = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    entries.collect()
}

/// Appends a line.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn append(entry: &Entry) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path())
        .context("the ledger cannot be opened")?;
    writeln!(file, "{}", serde_json::to_string(entry)?)?;
    Ok(())
}

/// Returns the commit that is checked out, with `+` if files differ from it; the ledger and the
/// page with its sums may differ.
///
/// # Errors
/// If git fails.
pub(crate) fn commit() -> anyhow::Result<String> {
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&[
        "status",
        "--porcelain",
        "--",
        ":!docs/assurance/runs.ndjson",
        ":!docs/assurance.md",
    ])?;
    let mark = if changed.is_empty() { "" } else { "+" };
    Ok(format!("{head}{mark}"))
}

/// Describes this machine.
pub(crate) fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or(std::env::consts::ARCH);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git")
        .current_dir(root())
        .args(arguments)
        .output()
        .context("git cannot be started")?;
    ensure!(
        output.status.success(),
        "git {} failed",
        arguments.join(" ")
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn path() -> PathBuf {
    root().join("docs/assurance/runs.ndjson")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_ledger_is_an_entry() -> anyhow::Result<()> {
        for entry in read()? {
            assert!(
                !entry.part.is_empty() && entry.date.ends_with('Z'),
                "{entry:?}"
            );
        }
        Ok(())
    }
}
