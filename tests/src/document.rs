//! Commands in the documents: blocks of a shell's input and output.
//!
//! In a block ` ```console `, lines that begin with `$ ` (and those that continue one
//! after a `\`) are commands. The others are what the commands print; `…` stands for
//! anything that varies.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::binaries::root;

/// One block: commands, and the parts of the output that the document promises.
#[derive(Debug)]
pub struct Step {
    /// The commands, one per line.
    pub commands: String,
    /// What they print: the pieces between the `…`.
    pub expected: Vec<String>,
}

/// A block in its document.
#[derive(Debug)]
pub struct Block {
    /// Its commands.
    pub step: Step,
    /// The files of the comment `<!-- run by FILE, FILE -->` above it in its section.
    pub run_by: Vec<String>,
    /// The paragraph before it.
    pub before: String,
}

/// Returns every document, by its path from the root: those in the root itself, the sample
/// events, and everything below `docs`.
///
/// # Errors
/// If a folder cannot be read.
pub fn documents() -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect("".as_ref(), false, &mut found)?;
    collect("events".as_ref(), false, &mut found)?;
    collect("docs".as_ref(), true, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, below: bool, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(root().join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let installed = path.ends_with("node_modules");
        if below && !installed && entry.file_type()?.is_dir() {
            collect(&path, below, found)?;
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    Ok(())
}

/// Returns the blocks of a text, in order.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block> {
    let mut pieces = text.split("```console\n");
    let mut above = pieces.next().unwrap_or_default();
    let (mut found, mut run_by) = (Vec::new(), Vec::new());
    for piece in pieces {
        let section = above.rsplit_once("\n#").map(|(_, section)| section);
        if section.is_some() {
            run_by.clear();
        }
        if let Some(files) = files(section.unwrap_or(above)) {
            run_by = files;
        }
        let (commands, below) = piece.split_once("```").unwrap_or((piece, ""));
        found.push(Block {
            step: step(commands),
            run_by: run_by.clone(),
            before: paragraph(above),
        });
        above = below;
    }
    found
}

/// Returns the steps of a text, in order.
#[must_use]
pub fn steps(text: &str) -> Vec<Step> {
    blocks(text).into_iter().map(|block| block.step).collect()
}

/// The files that the last comment names.
fn files(above: &str) -> Option<Vec<String>> {
    let (_, comment) = above.rsplit_once("<!-- run by ")?;
    let (files, _) = comment.split_once(" -->")?;
    Some(files.split(", ").map(str::to_owned).collect())
}

/// The last paragraph, in one line and without comments.
fn paragraph(above: &str) -> String {
    let paragraphs = above.trim().rsplit("\n\n");
    let mut texts = paragraphs.filter(|text| !text.starts_with("<!--"));
    texts.next().unwrap_or_default().replace('\n', " ")
}

/// Returns the steps that a test runs: those below `<!-- run by FILE -->`.
#[must_use]
pub fn steps_run_by(file: &str, text: &str) -> Vec<Step> {
    let mut blocks = blocks(text);
    blocks.retain(|block| block.run_by.iter().any(|name| name == file));
    blocks.into_iter().map(|block| block.step).collect()
}

fn step(block: &str) -> Step {
    let (mut commands, mut expected) = (String::new(), Vec::new());
    let mut continued = false;
    for line in block.lines() {
        let command = line.strip_prefix("$ ").or(continued.then_some(line));
        match command {
            Some(command) => {
                commands.push_str(command);
                commands.push('\n');
                continued = command.ends_with('\\');
            }
            None => expected.extend(
                line.split('…')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned),
            ),
        }
    }
    Step { commands, expected }
}

/// Runs steps in one shell, and compares what each prints with what the document says.
/// `change` edits the commands first: their URL, for example. With `sh -e`, the first
/// command that fails ends the shell.
///
/// # Errors
/// If the shell cannot be run or ends early, or a step prints something else.
pub fn run(
    steps: &[Step],
    mut shell: Command,
    change: impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    let mut script = String::new();
    for step in steps {
        script.push_str(&change(&step.commands));
        script.push_str("\necho; echo '");
        script.push_str(MARK);
        script.push_str("'\n");
    }
    let mut child = shell
        .arg("-s")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the shell cannot be started")?;
    let mut stdin = child.stdin.take().context("the shell has no stdin")?;
    stdin.write_all(script.as_bytes())?;
    drop(stdin);
    let output = String::from_utf8(child.wait_with_output()?.stdout)?;
    // The emulator's own responses have a space there.
    let output = output.replace("\": \"", "\":\"");
    let mut outputs = output.split(MARK).peekable();
    for step in steps {
        let output = outputs.next().unwrap_or_default();
        for expected in &step.expected {
            ensure!(
                output.contains(expected),
                "after\n{}\nthe document promises {expected}, but this was printed:\n{output}",
                step.commands
            );
        }
        ensure!(
            outputs.peek().is_some(),
            "the shell ended in\n{}\nafter it printed:\n{output}",
            step.commands
        );
    }
    Ok(())
}

const MARK: &str = "--- next step ---";
