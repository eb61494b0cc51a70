//! The `gatehouse` command.

mod argon2;
mod build;
mod cargo;
mod check;
mod clients;
mod completions;
mod data_dir;
mod deployment;
#[cfg(test)]
mod documented;
mod environment_file;
mod error;
mod export;
mod import;
mod keys;
mod local;
mod man;
mod new;
mod output;
mod progress;
mod project;
mod prompt;
mod running;
mod settings;
mod target;
mod token;
mod user_file;
mod users;
mod variable;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Format;

#[derive(Parser)]
#[command(
    name = "gatehouse",
    version,
    about = "Gatehouse: register, log in, refresh, log out and authorise on AWS Lambda",
    after_help = EXIT_CODES
)]
struct Arguments {
    /// Prints JSON instead of text: one object on stdout, and one object per line on stderr
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// The same for every command; `docs/command-line.md` repeats it.
const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed; 2 invalid command line; 3 done in part, or with warnings;
4 done, and the answer is no (an invalid token, a failed check).";

#[derive(Subcommand)]
enum Command {
    /// Runs the whole service on this machine
    Local(local::Arguments),
    /// Checks this machine and project, or a deployed stack, and recommends what to do
    Check(check::Arguments),
    /// Writes a function with a route behind the authorizer
    New(new::Arguments),
    /// Builds the functions for a deployment, with checksums and bills of materials
    Build(build::Arguments),
    /// Lists, rotates and revokes keys
    Keys(keys::Arguments),
    /// Shows, verifies and issues tokens
    Token(token::Arguments),
    /// Manages the resource servers that may introspect tokens, and their secrets
    Clients(clients::Arguments),
    /// Imports users from a file, including password hashes from other systems
    Import(import::Arguments),
    /// Exports all users to a file, including password hashes
    Export(export::Arguments),
    /// Measures password hashes and recommends parameters
    Argon2(argon2::Arguments),
    /// Creates, shows, changes and deletes users
    Users(users::Arguments),
    /// Prints a script that completes this command in a shell
    Completions(completions::Arguments),
    /// Writes a manual page for each command
    Man(man::Arguments),
}

impl Command {
    /// Returns whether the command shows Cargo's progress, which ours would garble.
    fn shows_cargo(&self) -> bool {
        matches!(self, Self::Local(_) | Self::Build(_))
    }

    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Local(arguments) => local::run(arguments).await,
            Self::Check(arguments) => check::run(arguments).await,
            Self::New(arguments) => new::run(arguments).await,
            Self::Build(arguments) => build::run(arguments).await,
            Self::Keys(arguments) => keys::run(arguments).await,
            Self::Token(arguments) => token::run(arguments).await,
            Self::Clients(arguments) => clients::run(arguments).await,
            Self::Import(arguments) => import::run(arguments).await,
            Self::Export(arguments) => export::run(arguments).await,
            Self::Argon2(arguments) => argon2::run(arguments).await,
            Self::Users(arguments) => users::run(arguments).await,
            Self::Completions(arguments) => completions::run(&arguments),
            Self::Man(arguments) => man::run(&arguments),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Known before the command line is parsed, which may fail.
    let mut words = std::env::args_os().take_while(|word| word != "--");
    if words.any(|word| word == "--json") {
        output::set_format(Format::Json);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return error::report_usage(&error),
    };
    output::set_format(if arguments.json {
        Format::Json
    } else {
        Format::Text
    });
    if !arguments.command.shows_cargo() {
        progress::start();
    }
    let done = arguments.command.run().await;
    progress::stop();
    match done {
        Ok(code) => code,
        // The reader, such as `head`, has read all it wanted.
        Err(error) if output::is_reader_gone(&error) => ExitCode::SUCCESS,
        Err(error) => error::report(&error),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn every_command_and_every_argument_has_help() {
        fn walk(command: &clap::Command, path: &str) {
            for argument in command.get_arguments() {
                let (id, help) = (argument.get_id(), argument.get_help());
                assert!(help.is_some(), "{path} {id} has no help");
            }
            for command in command.get_subcommands() {
                let path = format!("{path} {}", command.get_name());
                assert!(command.get_about().is_some(), "{path} has no description");
                walk(command, &path);
            }
        }
        let mut command = Arguments::command();
        command.build();
        walk(&command, "gatehouse");
    }
}
