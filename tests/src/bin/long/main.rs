//! `cargo long`: what takes too long for every commit, part by part.
//!
//! Each part is a command of Cargo. It reads its seed and its time from the environment and
//! prints what it counted ([`gatehouse_tests::long_run`]); a line for each part is appended to
//! the ledger, `docs/assurance/runs.ndjson`, and `docs/assurance.md` gets the sums.

mod ledger;
mod measure;
mod page;
mod parts;
mod run;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use gatehouse_tests::clock;

use measure::Measure;
use parts::{PARTS, Part};
use run::Share;

/// Runs the long versions of the tests and appends their figures to docs/assurance/runs.ndjson
#[derive(Debug, Parser)]
#[command(name = "cargo long", after_help = listed(), args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What the parts that are not tests call
    #[command(subcommand)]
    measure: Option<Measure>,
    /// The parts to run; all of them if none is named
    #[arg(value_parser = parse_part)]
    parts: Vec<&'static Part>,
    /// How long the parts marked with * take together, such as 2h; without it, each takes its
    /// own time
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Repeats the run with this seed; without it, every run has another one
    #[arg(long)]
    seed: Option<u32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.measure {
        Some(measure) => measure.run().map(|()| Vec::new()),
        None => run_all(&arguments),
    };
    match result {
        Ok(failed) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(failed) => {
            say(&format!("failed: {}", failed.join(", ")));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the parts one after the other, and returns the names of those that failed.
fn run_all(arguments: &Arguments) -> anyhow::Result<Vec<&'static str>> {
    let named = arguments.parts.clone();
    let parts = if named.is_empty() {
        PARTS.iter().collect()
    } else {
        named
    };
    let endless = parts.iter().filter(|part| part.is_endless).count();
    let time = arguments
        .time
        .map(|time| time / u32::try_from(endless.max(1)).unwrap_or(u32::MAX));
    let seed = match arguments.seed {
        Some(seed) => seed,
        // Never before 1970, and no two runs begin in the same second.
        None => u32::try_from(clock::now()?.unix()).context("the clock is wrong")?,
    };
    let mut failed = Vec::new();
    for part in parts {
        say(&format!(
            "== {}: cargo {}",
            part.name,
            part.command.join(" ")
        ));
        let time = time.filter(|_| part.is_endless);
        let entry = run::run(part, &Share { seed, time })?;
        say(&format!("== {entry}"));
        ledger::append(&entry)?;
        page::write(&ledger::read()?)?;
        if !entry.passed {
            failed.push(part.name);
        }
    }
    Ok(failed)
}

/// The end of `--help`.
fn listed() -> String {
    let parts = PARTS.iter().map(|part| {
        let mark = if part.is_endless { "*" } else { " " };
        format!("\n  {:<14}{mark} {}", part.name, part.about)
    });
    format!("Parts:{}", parts.collect::<String>())
}

fn parse_part(name: &str) -> Result<&'static Part, String> {
    let part = PARTS.iter().find(|part| part.name == name);
    part.ok_or_else(|| "no such part; `cargo long --help` lists them".to_owned())
}

/// Reports progress.
fn say(line: &str) {
    // If stderr is closed, there is no reader.
    drop(writeln!(std::io::stderr(), "{line}"));
}
