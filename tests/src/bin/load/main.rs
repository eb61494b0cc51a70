//! `cargo load`: how the local stack behaves under load, and with a million users.
//!
//! `cargo load` sends requests for some minutes, first as fast as responses come, then at a
//! fixed rate. `cargo load growth` compares what requests cost with few and with many items.
//! See `docs/performance.md`.

mod chart;
mod growth;
mod mix;
mod options;
mod population;
mod processes;
mod programs;
mod runs;
mod tally;

use std::io::Write as _;
use std::process::ExitCode;

use options::{HELP, Mode, Options};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Returns whether everything was as it should be.
async fn run() -> anyhow::Result<bool> {
    let options = Options::parse(std::env::args().skip(1))?;
    match options.mode {
        Mode::Help => {
            print(HELP);
            Ok(true)
        }
        Mode::Growth => growth::run(&options).await,
        Mode::Load => runs::run(&options).await,
    }
}

/// Prints a result.
fn print(text: &str) {
    // If nobody reads it any longer, there is nobody to tell.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints what is going on.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
