//! `cargo local --watch`: ready when it says so, an edit shows up in the next
//! response, and Ctrl-C leaves nothing behind.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use gatehouse_tests::binaries::root;
use gatehouse_tests::document::{self, Step};

use crate::project::Project;
use crate::running::{Running, free_port};

#[test]
fn an_edit_shows_up_in_the_next_response() -> anyhow::Result<()> {
    let project = Project::copy()?;
    let (api, tables) = (free_port()?, free_port()?);
    let mut local = Running::start(&project, &command(api, tables))?;
    local.wait(|output| output.contains("Gatehouse is at"))?;
    let ready = local.output()?.len();

    // Every route of the walk responds at once: nothing is left to compile.
    let mut walk = Vec::new();
    for name in ["README.md", "docs/api.md"] {
        let page = std::fs::read_to_string(root().join(name))?;
        walk.extend(document::steps_run_by("tests/end_to_end/walk.rs", &page));
    }
    if let Err(error) = run(&walk, api) {
        panic!("{error:#}\n\ncargo local --watch:\n{}", local.output()?);
    }
    let since = local.output()?.split_off(ready);
    assert!(!since.contains("Compiling "), "{since}");

    let (before, after) = (
        "You are logged in.",
        "You are logged in to an edited function.",
    );
    project.edit("functions/protected/src/lib.rs", before, after)?;
    let edited = document::steps(&EDITED.replace("MESSAGE", after));
    let begun = Instant::now();
    while let Err(error) = run(&edited, api) {
        assert!(begun.elapsed() < PATIENCE, "{error:#}\n{}", local.output()?);
        sleep(Duration::from_millis(500));
    }

    assert!(local.interrupt()?.success());
    assert_nothing_runs_in(&project)
}

#[test]
fn an_interrupted_build_leaves_nothing_behind() -> anyhow::Result<()> {
    let project = Project::copy()?;
    let mut local = Running::start(&project, &command(free_port()?, free_port()?))?;
    local.wait(|output| output.contains("Compiling protected"))?;
    assert!(!local.interrupt()?.success());
    let output = local.output()?;
    assert!(
        output.contains("interrupted before the service was ready"),
        "{output}"
    );
    assert_nothing_runs_in(&project)
}

/// cargo-lambda is started by a script that delays it, so that the interrupt comes
/// while `cargo local` waits for it.
#[test]
fn an_interrupted_start_leaves_nothing_behind() -> anyhow::Result<()> {
    let project = Project::copy()?;
    let folder = project.path().join("delayed");
    std::fs::create_dir(&folder)?;
    let script = folder.join("cargo-lambda");
    std::fs::write(&script, DELAYED)?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    let line = format!(
        "env PATH=\"{}:$PATH\" {}",
        folder.display(),
        command(free_port()?, free_port()?)
    );
    let mut local = Running::start(&project, &line)?;
    local.wait(|output| output.contains("cargo-lambda is about to watch"))?;
    assert!(!local.interrupt()?.success());
    assert!(!local.output()?.contains("Gatehouse is at"));
    assert_nothing_runs_in(&project)
}

fn command(api: u16, tables: u16) -> String {
    format!("cargo local --watch --port {api} --dynamodb-port {tables}")
}

fn run(steps: &[Step], api: u16) -> anyhow::Result<()> {
    let here = format!("http://localhost:{api}");
    document::run(steps, Command::new("sh"), |commands| {
        commands.replace("http://localhost:3000", &here)
    })
}

/// What was ended may take a moment to be gone.
fn assert_nothing_runs_in(project: &Project) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let left = project.processes()?;
        if left.is_empty() {
            return Ok(());
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{left:#?}");
        sleep(Duration::from_millis(50));
    }
}

/// The walk has created the account.
const EDITED: &str = r#"
```console
$ tokens=$(curl -s http://localhost:3000/login -H 'Content-Type: application/json' \
    -d '{"username": "ada", "password": "seven quiet otters at dawn"}')
$ access=$(echo "$tokens" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
$ curl -s http://localhost:3000/protected -H "Authorization: Bearer $access"
{"message":"MESSAGE"…
```
"#;
const DELAYED: &str = r#"#!/bin/sh
PATH="${PATH#*:}"
if [ "$2" = watch ]; then
  echo "cargo-lambda is about to watch"
  sleep 30
fi
exec cargo-lambda "$@"
"#;
/// How long one function may take to be compiled and started on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);
