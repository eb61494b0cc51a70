//! `gatehouse man`: a manual page for each command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::builder::Resettable;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use crate::EXIT_CODES;
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
    let man = man(command);
    let path = directory.join(man.get_filename());
    let page = page(command, &man).and_then(|page| fs::write(&path, page));
    page.with_context(|| path.display().to_string())?;
    pages.push(man.get_filename());
    command
        .get_subcommands()
        .try_for_each(|command| write(command, directory, pages))
}

/// Returns the page without the text after the help, whose lines it would join.
fn man(command: &Command) -> Man {
    let command = command.clone().after_help(Resettable::Reset);
    Man::new(command.after_long_help(Resettable::Reset)).manual("Gatehouse")
}

fn page(command: &Command, man: &Man) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render(&mut page)?;
    let notes = command.get_after_long_help().or(command.get_after_help());
    let notes = notes.map(ToString::to_string);
    // The whole command's note is about exit codes, as the section after it.
    if let Some(notes) = notes.filter(|notes| notes != EXIT_CODES) {
        as_written("NOTES", &notes).to_writer(&mut page)?;
    }
    as_written("EXIT STATUS", EXIT_CODES).to_writer(&mut page)?;
    Ok(page)
}

/// Returns a section that keeps its lines.
fn as_written(heading: &str, lines: &str) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [heading]).control("nf", []);
    for line in lines.lines() {
        section.text([roman(line)]);
    }
    section.control("fi", []);
    section
}
