//! `gatehouse token` on the deployed stack.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use gatehouse_tests::deployment::{Deployment, is_deployed};
use serde_json::Value;
use std::collections::BTreeMap;

#[tokio::test]
async fn the_command_verifies_a_token_of_the_deployed_stack_and_sees_its_logout()
-> anyhow::Result<()> {
    ensure!(
        is_deployed(),
        "there is no deployed stack: `cargo deployed` deploys one"
    );
    let service = Service::start().await?;
    let ada = service.logged_in("ada").await?;
    let deployment = Deployment::with(&BTreeMap::new()).await?;
    let stack = deployment.stack();
    let (code, verdict) = verify(stack, &ada.access_token)?;
    assert_eq!((code, &verdict["valid"]), (Some(0), &Value::Bool(true)));
    assert_eq!(verdict["claims"]["iss"], service.issuer());
    ada.logs_out(&service, "local").await?;
    let (code, verdict) = verify(stack, &ada.access_token)?;
    assert_eq!((code, &verdict["valid"]), (Some(4), &Value::Bool(false)));
    assert_eq!(verdict["rule"], "session_revoked");
    Ok(())
}

/// Runs `token verify`, and returns its exit code and its JSON.
fn verify(stack: &str, token: &str) -> anyhow::Result<(Option<i32>, Value)> {
    let mut child = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["gatehouse", "token", "verify", "--json", "--stack", stack])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo cannot be started")?;
    let mut stdin = child.stdin.take().context("stdin is a pipe")?;
    stdin.write_all(token.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    Ok((
        output.status.code(),
        serde_json::from_slice(&output.stdout)?,
    ))
}
