//! Progress, on a terminal and elsewhere.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::project::{Project, ended};

/// Takes more than a second: 12 parameters, each measured several times.
const SLOW: [&str; 3] = ["argon2", "--rounds", "3"];

/// Runs the command on a terminal of its own, and returns what it shows.
fn on_a_terminal(project: &Project, words: &[&str]) -> anyhow::Result<String> {
    let (code, shown) = typed_on_a_terminal(project, words, "")?;
    ensure!(code == Some(0), "{code:?} {shown}");
    Ok(shown)
}

/// The same while somebody types, whatever the exit code.
fn typed_on_a_terminal(
    project: &Project,
    words: &[&str],
    typed: &str,
) -> anyhow::Result<(Option<i32>, String)> {
    let line = [&[env!("CARGO_BIN_EXE_gatehouse")], words]
        .concat()
        .join(" ");
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .current_dir(project.path(""));
    script.env("TERM", "xterm");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let started = script.spawn();
    let mut child = started.context("`script` is needed: apt-get install bsdutils")?;
    let mut keyboard = child.stdin.take().context("stdin is a pipe")?;
    if !typed.is_empty() {
        // Longer than a command may take without showing progress.
        sleep(Duration::from_secs(2));
        keyboard.write_all(typed.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    drop(keyboard);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((output.status.code(), shown))
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

#[test]
fn a_command_that_waits_for_a_server_shows_that_it_is_working() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("token", "a.b.c")?;
    // Accepts connections and never responds.
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/.well-known/jwks.json", server.local_addr()?);
    let words = ["token", "verify", "token", "--jwks", &url];
    let (code, shown) = typed_on_a_terminal(&project, &words, "")?;
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("Working ("), "{shown}");
    let (_, after) = shown
        .rsplit_once("\u{1b}[2K")
        .context("it was not cleared")?;
    assert!(after.contains("error: "), "{after}");
    Ok(())
}

#[test]
fn no_progress_is_shown_while_a_command_asks() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("users.ndjson", "{\"username\":\"ada\"}\n")?;
    let data_dir = ["--data-dir", "data"];
    let imported = project.run(&[&["import", "users.ndjson"], &data_dir[..]].concat())?;
    ensure!(imported.succeeded(), "{imported:?}");
    let words = [&["users", "delete", "ada"], &data_dir[..]].concat();
    let (code, shown) = typed_on_a_terminal(&project, &words, "ada\n")?;
    assert_eq!(code, Some(0), "{shown}");
    let (_, asked) = shown
        .split_once("Type the username to continue: ")
        .context("it did not ask")?;
    let (asking, _) = asked.split_once('\n').context("nothing was typed")?;
    assert_eq!(asking.trim_end(), "ada", "{shown:?}");
    assert!(shown.contains("Deleted ada"), "{shown}");
    Ok(())
}
