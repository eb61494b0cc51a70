//! `gatehouse completions`: a script that completes the command in a shell.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::json;

use crate::output::Output;

/// The arguments of `gatehouse completions`.
#[derive(clap::Args)]
#[command(after_help = "\
For bash, run this once, or put it into ~/.bashrc:
  source <(gatehouse completions bash)")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut command = crate::Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    let script = String::from_utf8(script)?;
    let json = json!({"shell": arguments.shell.to_string(), "script": script});
    Output::new(script, json).print()
}
