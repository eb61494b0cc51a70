//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use gatehouse_tests::long_run;

/// What `cargo load --help` prints.
pub(crate) const HELP: &str = "\
Measures the local stack, with the functions as they are deployed.

Usage: cargo load [OPTIONS]          Latencies and memory under load
       cargo load growth [OPTIONS]   What requests cost with ever more users

Options:
  --seconds N      How long to send requests, half of it at a fixed rate [default: 600]
  --clients N      Clients in the first half, each of which waits for its response [default: 4]
  --rate N         Requests per second in the second half [default: 100]
  --users N        Users who exist [default: 10000]; for growth the most [default: 1000000]
  --requests N     Requests of each operation and number of users, for growth [default: 400]
  --bin-dir DIR    Uses the functions in a directory instead of building them for release
  --plot FILE      Draws the result of growth as an SVG image
  --help           Prints this text
";

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Help,
    Load,
    Growth,
}

/// The arguments, or their defaults.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) duration: Duration,
    pub(crate) clients: usize,
    pub(crate) rate: u32,
    pub(crate) users: Option<usize>,
    pub(crate) requests: usize,
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
}

impl Options {
    /// Parses the arguments after the program's name.
    ///
    /// # Errors
    /// If one is unknown or invalid; the message names it.
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self {
            mode: Mode::Load,
            duration: long_run::time().unwrap_or(Duration::from_mins(10)),
            clients: 4,
            rate: 100,
            users: None,
            requests: 400,
            bin_dir: None,
            plot: None,
        };
        while let Some(argument) = given.next() {
            if argument == "growth" {
                options.mode = Mode::Growth;
                continue;
            }
            if argument == "--help" {
                options.mode = Mode::Help;
                continue;
            }
            let value = given.next();
            let value = value.with_context(|| format!("{argument} needs a value: see --help"))?;
            let number = || {
                let number: u32 = value
                    .parse()
                    .with_context(|| format!("{argument} needs a whole number, not `{value}`"))?;
                ensure!(number > 0, "{argument} must be at least 1");
                Ok(number)
            };
            match argument.as_str() {
                "--seconds" => options.duration = Duration::from_secs(number()?.into()),
                "--clients" => options.clients = number()? as usize,
                "--rate" => options.rate = number()?,
                "--users" => options.users = Some(number()? as usize),
                "--requests" => options.requests = number()? as usize,
                "--bin-dir" => options.bin_dir = Some(value.into()),
                "--plot" => options.plot = Some(value.into()),
                _ => bail!("`{argument}` is not an option: see --help"),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_option_of_the_help_is_known() {
        for option in HELP
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            assert!(
                parse(&format!("{option} 1")).is_ok() || option == "--help",
                "{option}"
            );
        }
        assert_eq!(parse("--help").unwrap().mode, Mode::Help);
        assert_eq!(parse("growth --users 10").unwrap().users, Some(10));
    }

    #[test]
    fn an_invalid_argument_is_named() {
        let error = |line| parse(line).unwrap_err().to_string();
        assert_eq!(error("--rate"), "--rate needs a value: see --help");
        assert_eq!(error("--rate 0"), "--rate must be at least 1");
        assert_eq!(error("--rate x"), "--rate needs a whole number, not `x`");
        assert_eq!(error("--fast 1"), "`--fast` is not an option: see --help");
    }
}
