//! Running a part, and reading what it counted.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::clock;
use gatehouse_tests::long_run::{FIGURES, SECONDS, SEED};

use crate::ledger::{Entry, commit, machine};
use crate::parts::Part;

/// What a part gets: where its randomness begins, and how long it may take.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) seed: u32,
    /// None for its own time.
    pub(crate) time: Option<Duration>,
}

/// Runs a part to its end.
///
/// # Errors
/// If it cannot be started. A part that fails is an entry.
pub(crate) fn run(part: &Part, share: &Share) -> anyhow::Result<Entry> {
    // Read before: a part may take hours, in which somebody commits.
    let (commit, date) = (commit()?, clock::now()?);
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root())
        .args(part.command)
        .env(SEED, share.seed.to_string())
        .stdout(Stdio::piped());
    if let Some(time) = share.time {
        command.env(SECONDS, time.as_secs().to_string());
    }
    let mut process = command.spawn().context("cargo cannot be started")?;
    let stdout = process.stdout.take().context("stdout is a pipe")?;
    let mut counts = BTreeMap::new();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        // If stdout is closed, there is no reader.
        drop(writeln!(std::io::stdout(), "{line}"));
        count(&line, &mut counts);
    }
    let passed = process.wait()?.success();
    Ok(Entry {
        date: date.to_string(),
        commit,
        part: part.name.to_owned(),
        seed: share.seed,
        counts,
        seconds: began.elapsed().as_secs(),
        machine: machine(),
        passed,
    })
}

/// Adds what a line reports: a part's own figures, or a result of libtest.
fn count(line: &str, counts: &mut BTreeMap<String, u64>) {
    // libtest may have written `test NAME ... ` before it.
    let figures = line.split_once(FIGURES).map(|(_, figures)| figures);
    let figures: Option<BTreeMap<String, u64>> =
        figures.and_then(|figures| serde_json::from_str(figures).ok());
    for (name, figure) in figures.unwrap_or_default() {
        *counts.entry(name).or_default() += figure;
    }
    let passed = line
        .strip_prefix("test result: ")
        .and_then(|result| result.split_once(". "))
        .and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    if let Some(passed) = passed.filter(|passed| *passed > 0) {
        *counts.entry("tests".to_owned()).or_default() += passed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_results_are_added_up() {
        let mut counts = BTreeMap::new();
        for line in [
            r#"test kills ... figures: {"kills": 50, "losses": 0}"#,
            r#"figures: {"kills": 7}"#,
            "figures: not JSON",
            "test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured",
            "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured",
        ] {
            count(line, &mut counts);
        }
        let expected = [("kills", 57), ("losses", 0), ("tests", 7)];
        let expected = expected.map(|(name, figure)| (name.to_owned(), figure));
        assert_eq!(counts, expected.into());
    }

    #[test]
    fn a_part_gets_its_seed_and_its_time_and_one_that_fails_is_an_entry() -> anyhow::Result<()> {
        let part = Part {
            name: "broken",
            about: "",
            command: &["no-such-command"],
            is_endless: true,
        };
        let time = Some(Duration::from_secs(2));
        let entry = run(&part, &Share { seed: 7, time })?;
        assert!(!entry.passed);
        assert_eq!((entry.seed, entry.part.as_str()), (7, "broken"));
        Ok(())
    }
}
