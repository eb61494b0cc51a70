//! Mail on this machine, as `docs/mail.md` describes it.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::{Service, document};
use serde_json::Value;

use crate::local_process::LocalProcess;

const DOCUMENT: &str = "docs/mail.md";

/// With `--seed`, which mails nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_commands_show_a_mail_with_its_code() -> anyhow::Result<()> {
    // Builds the functions.
    drop(Service::shared_locally_with(&[]).await?);
    let page = std::fs::read_to_string(root().join(DOCUMENT))?;
    let mut steps = document::steps_run_by("infra/cli/tests/command/mail.rs", &page);
    let start = steps.remove(0);
    let arguments = start.commands.trim().strip_prefix("cargo local ");
    let arguments = arguments.context("the first command is not cargo local")?;
    let mut arguments: Vec<&str> = arguments.split(' ').collect();
    arguments.extend(["--json", "--seed"]);
    let mut local = LocalProcess::start(&arguments, &[])?;
    let ready: Value = serde_json::from_str(&local.first_line()?)?;
    let url = ready.get("url").and_then(Value::as_str);
    let url = url.context("no URL")?.to_owned();
    let walk = move || {
        document::run(&steps, Command::new("sh"), |commands| {
            commands.replace("http://localhost:3000", &url)
        })
    };
    let walked = tokio::task::spawn_blocking(walk).await?;
    let (mut mail, mut before) = (None, Vec::new());
    while let Ok(line) = local.shown.recv_timeout(Duration::from_secs(40)) {
        if line.contains("  mail  ") && line.contains(": gh_") {
            mail = Some(line);
            break;
        }
        before.push(line);
    }
    let status = local.stop()?;
    walked?;
    assert!(mail.is_some(), "no line shows a mail");
    // The outbox's stream is in order: nothing was to be mailed for the demo users.
    let of_others = before.iter().filter(|line| {
        let words = ["  mail  ", "a message needs no mail", "a mail was"];
        words.iter().any(|word| line.contains(word))
    });
    assert_eq!(of_others.count(), 0, "{before:?}");
    assert_eq!(status.code(), Some(0));
    Ok(())
}
