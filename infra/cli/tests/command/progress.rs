//! Progress, on a terminal and elsewhere.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::project::{Project, ended};

/// Takes more than a second: 12 parameters, each measured so many times.
const SLOW: [&str; 3] = ["argon2", "--rounds", "3"];

/// Runs the command on a terminal of its own, and returns what it shows.
fn on_a_terminal(project: &Project, words: &[&str]) -> anyhow::Result<String> {
    let line = [&[env!("CARGO_BIN_EXE_gatehouse")], words]
        .concat()
        .join(" ");
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .current_dir(project.path(""));
    script.env("TERM", "xterm").stdin(Stdio::null());
    let output = script
        .output()
        .context("`script` is needed: apt-get install bsdutils")?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_slow_command_shows_progress_on_a_terminal_and_nowhere_else() -> anyhow::Result<()> {
    let project = Project::new()?;
    let shown = on_a_terminal(&project, &SLOW)?;
    assert!(shown.contains("% "), "no progress: {shown}");
    let (_, after) = shown
        .rsplit_once("\u{1b}[2K")
        .context("the bar was not cleared")?;
    assert!(after.contains("The time of one Argon2id hash"), "{after}");

    let json = on_a_terminal(&project, &[&SLOW[..], &["--json"]].concat())?;
    assert!(
        !json.contains('\u{1b}') && json.trim_start().starts_with('{'),
        "{json}"
    );

    let piped = ended(&mut project.command(&SLOW), "")?;
    assert!(piped.succeeded() && piped.err.is_empty(), "{}", piped.err);
    assert!(!piped.out.contains('\u{1b}'), "{}", piped.out);
    Ok(())
}

#[test]
fn a_quick_command_shows_no_progress() -> anyhow::Result<()> {
    let project = Project::new()?;
    let shown = on_a_terminal(&project, &["completions", "fish"])?;
    assert!(!shown.contains('\u{1b}'), "{shown}");
    Ok(())
}
