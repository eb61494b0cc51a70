//! `gatehouse token`: shows, verifies and issues tokens.
//!
//! A token is never an argument: every process on the machine can read those, and the shell
//! keeps them in its history.

mod decode;
mod input;
mod mint;
mod printable;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;
use gatehouse_edge::Clock;
use input::TokenFile;

/// The arguments of `gatehouse token`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what an access or refresh token contains, without verifying it
    Decode(TokenFile),
    /// Verifies an access token, and names the rule that it breaks
    Verify(verify::Arguments),
    /// Issues an access token for a user, with the keys of a local stack
    Mint(mint::Arguments),
}

/// Runs the command and prints its output.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let now = Clock::System.now();
    match arguments.command {
        Command::Decode(file) => decode::token(&file.read()?, now)?.print(),
        Command::Verify(arguments) => verify::run(&arguments, now).await,
        Command::Mint(arguments) => mint::run(&arguments, now).await,
    }
}
