//! `gatehouse man`: a manual page for each command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use serde_json::json;

use crate::output::Output;

/// The arguments of `gatehouse man`.
#[derive(clap::Args)]
#[command(after_help = "Read a page with `man DIRECTORY/gatehouse-users-list.1`.")]
pub(crate) struct Arguments {
    /// The directory for the pages; created if necessary
    directory: PathBuf,
}

/// Writes the pages.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    // `help` only repeats the others.
    let mut command = crate::Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    write(&command, directory, &mut pages)?;
    let text = format!(
        "Manual pages written to {}: {}\n",
        directory.display(),
        pages.len()
    );
    Output::new(text, json!({"directory": directory, "pages": pages})).print()
}

fn write(command: &Command, directory: &Path, pages: &mut Vec<String>) -> anyhow::Result<()> {
    let man = Man::new(command.clone()).manual("Gatehouse");
    let path = directory.join(man.get_filename());
    let written = man.generate_to(directory);
    written.with_context(|| path.display().to_string())?;
    pages.push(man.get_filename());
    command
        .get_subcommands()
        .try_for_each(|command| write(command, directory, pages))
}
