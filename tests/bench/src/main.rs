//! `cargo speed`: measures cold starts and warm calls of the functions and of peers.
//!
//! It serves the Lambda Runtime API and a stand-in for DynamoDB and Secrets Manager on
//! loopback, and starts the subjects in turn. See `docs/performance.md`.

mod arguments;
mod aws;
mod build;
mod callgrind;
mod certificate;
mod columns;
mod cost;
mod cpu_share;
mod fixture;
mod function;
mod hash;
mod http;
mod instructions;
mod items;
mod machine;
mod measurement;
mod peer;
mod pinning;
mod plot;
mod process;
mod raw;
mod reference;
mod runtime_api;
mod statistics;
mod steps;
mod subject;
mod table;
mod units;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use arguments::Arguments;
use measurement::Bench;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut given = std::env::args().skip(1).peekable();
    if given.peek().is_some_and(|first| first == hash::ARGUMENT) {
        return hash::serve();
    }
    if given.next_if(|first| first == steps::ARGUMENT).is_some() {
        return steps::run(given);
    }
    let arguments = Arguments::parse(given)?;
    let mut output = std::io::stdout().lock();
    if arguments.help {
        output.write_all(arguments::HELP.as_bytes())?;
        return Ok(());
    }
    if arguments.instructions {
        let text = instructions::run(arguments)?;
        output.write_all(text.as_bytes())?;
        return Ok(());
    }
    let (json, plot) = (arguments.json.clone(), arguments.plot.clone());
    let results = Bench::start(arguments)?.run()?;
    if let Some(path) = json {
        write(&path, &raw::document(&results.measured).to_string())?;
    }
    if let Some(path) = plot {
        write(&path, &plot::draw(&results.measured))?;
    }
    output
        .write_all(results.text().as_bytes())
        .context("the result could not be printed")?;
    for measured in &results.measured {
        if let Some(difference) = cost::difference(measured)? {
            bail!("{difference}");
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
