//! The `gatehouse` command.

mod argon2;
mod cargo;
mod check;
mod clients;
mod data_dir;
mod deployment;
#[cfg(test)]
mod documented;
mod environment_file;
mod export;
mod import;
mod keys;
mod local;
mod new;
mod options;
mod output;
mod project;
mod prompt;
mod running;
mod settings;
mod target;
mod user_file;
mod users;
mod variable;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "gatehouse",
    version,
    about = "Gatehouse: register, log in, refresh, log out and authorise on AWS Lambda"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole service on this machine
    Local(local::Arguments),
    /// Checks this machine and project, or a deployed stack, and recommends what to do
    Check(check::Arguments),
    /// Writes a function with a route behind the authorizer
    New(new::Arguments),
    /// Lists, rotates and revokes keys
    Keys(keys::Arguments),
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
}

#[tokio::main]
async fn main() -> ExitCode {
    let success = |()| ExitCode::SUCCESS;
    let done = match Arguments::parse().command {
        Command::Local(arguments) => local::run(arguments).await.map(success),
        Command::Check(arguments) => check::run(arguments).await,
        Command::New(arguments) => new::run(arguments).await,
        Command::Keys(arguments) => keys::run(arguments).await,
        Command::Clients(arguments) => clients::run(arguments).await,
        Command::Import(arguments) => import::run(arguments).await,
        Command::Export(arguments) => export::run(arguments).await,
        Command::Argon2(arguments) => argon2::run(arguments).await.map(success),
        Command::Users(arguments) => users::run(arguments).await,
    };
    match done {
        Ok(code) => code,
        // The reader, such as `head`, has read all it wanted.
        Err(error) if output::is_reader_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::notice(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
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
