//! Checks that the subcommands and options in the documents exist.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use crate::Arguments;

#[test]
fn every_documented_option_of_the_command_exists() -> std::io::Result<()> {
    let mut checked = 0;
    for document in documents()? {
        let text = std::fs::read_to_string(&document)?;
        for line in commands(&text) {
            if let Err(missing) = check(&line) {
                panic!("{}: {line}: {missing} does not exist", document.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} commands were found");
    Ok(())
}

/// Follows the subcommands, then looks up each option.
fn check(line: &str) -> Result<(), String> {
    let mut command = Arguments::command();
    command.build();
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.peek() {
        let Some(next) = command.find_subcommand(word).cloned() else {
            break;
        };
        command = next;
        words.next();
    }
    if command.has_subcommands() {
        // For a group of commands, the option may belong to any of its members.
        let unknown = words.peek().filter(|word| !word.starts_with("--"));
        if let Some(word) = unknown {
            return Err((*word).to_owned());
        }
    }
    for word in words.take_while(|word| !["|", ">", "<", "#", "&&"].contains(word)) {
        let word = word.trim_matches(['[', ']', ',', ';']);
        let Some(name) = word.strip_prefix("--") else {
            continue;
        };
        let name = name.split('=').next().unwrap_or_default();
        let mut commands = command.get_subcommands().chain([&command]);
        if !commands.any(|command| has(command, name)) {
            return Err(format!("--{name}"));
        }
    }
    Ok(())
}

fn has(command: &clap::Command, name: &str) -> bool {
    command.get_arguments().any(|argument| {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        argument.get_long() == Some(name) || aliases.contains(&name)
    })
}

/// Returns the command lines in code blocks and in backquotes, without the command's name.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        found.extend(line.strip_prefix("$ ").and_then(arguments));
    }
    // A code span may continue on the next line.
    let prose: String = joined.split("```").step_by(2).collect();
    for span in prose.split('`').skip(1).step_by(2) {
        found.extend(arguments(&span.replace('\n', " ")));
    }
    found
}

fn arguments(line: &str) -> Option<String> {
    if let Some(rest) = line.strip_prefix("cargo gatehouse") {
        return Some(rest.to_owned());
    }
    let rest = line.strip_prefix("cargo local")?;
    Some(format!("local{rest}"))
}

fn documents() -> std::io::Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["", "docs", "events"] {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
    }
    Ok(found)
}
