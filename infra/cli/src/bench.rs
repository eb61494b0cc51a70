//! `gatehouse bench`: what takes too long for every run of the tests.

mod enumeration;
mod guesses;
mod statistic;
mod world;

use std::io::Write as _;

use anyhow::Context as _;

/// What `gatehouse bench` is told.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Tells by time alone who has an account, if that can be done
    Enumeration {
        /// Pairs of logins, one of a name that is there and one of a name that is not
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
        pairs: u32,
    },
    /// Guesses one account's password from a hundred addresses and counts what is hashed
    Guesses {
        /// Guesses, spread over a day
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1_000..=86_400))]
        guesses: u32,
    },
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let text = match arguments.command {
        Command::Enumeration { pairs } => enumeration::run(pairs).await?,
        Command::Guesses { guesses } => guesses::run(guesses).await?,
    };
    write!(std::io::stdout(), "{text}").context(crate::output::StdoutClosed)
}
