//! `cargo speed`: measures cold starts and warm calls of the functions and of peers.
//!
//! It serves the Lambda Runtime API and a stand-in for DynamoDB and Secrets Manager on
//! loopback, and starts the subjects in turn. See `docs/performance.md`.

mod arguments;
mod aws;
mod build;
mod certificate;
mod cpu_share;
mod fixture;
mod http;
mod items;
mod measurement;
mod pinning;
mod process;
mod runtime_api;
mod statistics;
mod subject;
mod table;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
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
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let mut output = std::io::stdout().lock();
    if arguments.help {
        output.write_all(arguments::HELP.as_bytes())?;
        return Ok(());
    }
    let bench = Bench::start(arguments)?;
    let results = bench.run()?;
    output
        .write_all(results.text().as_bytes())
        .context("the result could not be printed")
}
