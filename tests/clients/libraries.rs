//! Client libraries: `docs/clients.md` says what each of them does, and these tests
//! compare every cell with what `libraries.py` and `libraries.mjs` report.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::service::parameters;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::install;
use crate::matrix::{CAPABILITIES, Matrix};

/// The outcome of each client by capability: `yes` or the error.
type Outcomes = BTreeMap<String, BTreeMap<String, String>>;

#[tokio::test(flavor = "multi_thread")]
async fn every_library_does_what_the_table_says_with_es256() -> anyhow::Result<()> {
    compare("ES256").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_library_does_what_the_table_says_with_eddsa() -> anyhow::Result<()> {
    compare("EdDSA").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_library_does_what_the_table_says_with_rs256() -> anyhow::Result<()> {
    compare("RS256").await
}

#[test]
fn the_table_names_the_pinned_versions() -> anyhow::Result<()> {
    let pinned = install::versions()?;
    for (client, row) in &Matrix::read()?.rows {
        let version = pinned.get(&client.to_lowercase());
        assert_eq!(version, Some(&row.version), "{client}");
    }
    Ok(())
}

#[test]
fn no_lockfile_names_a_registry() -> anyhow::Result<()> {
    for suite in ["tests/clients", "tests/clients/migrating", "tests/browser"] {
        let lock = std::fs::read_to_string(root().join(suite).join("package-lock.json"))?;
        assert!(lock.contains("\"integrity\""), "{suite}: is a lockfile");
        assert!(!lock.contains("\"resolved\""), "{suite}: names a registry");
    }
    Ok(())
}

/// Runs all libraries against a service that signs with `algorithm`.
async fn compare(algorithm: &str) -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let python = install::python()?.join("python");
    install::node()?;
    let algorithm_only = parameters(&[("SigningAlgorithm", algorithm)]);
    let service = Service::start_locally(|options| options.parameters = algorithm_only).await?;
    let ada = service.registered("ada").await?;
    let server = ResourceServer::register(&service).await?;
    let input = json!({
        "issuer": service.issuer(),
        "audience": "gatehouse",
        "username": ada.username,
        "password": ada.password,
        "client_id": server.id,
        "client_secret": server.secret,
    });
    let mut outcomes = run(&python, "libraries.py", &input).await?;
    outcomes.extend(run(Path::new("node"), "libraries.mjs", &input).await?);

    let rows = Matrix::read()?.rows;
    let ran: Vec<&String> = outcomes.keys().collect();
    assert_eq!(ran, rows.keys().collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (client, row) in &rows {
        for capability in CAPABILITIES {
            let expected = row.expected(capability, algorithm)?;
            let outcome = outcomes.get(client).and_then(|seen| seen.get(capability));
            if !expected.holds(outcome.map(String::as_str)) {
                wrong.push(format!("{client} {capability}: {expected:?}, {outcome:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{algorithm}: {wrong:#?}");
    Ok(())
}

/// Runs a script with `input` on its standard input.
async fn run(program: &Path, script: &str, input: &Value) -> anyhow::Result<Outcomes> {
    let mut child = Command::new(program)
        .arg(install::folder().join(script))
        .env("NO_PROXY", "localhost,127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(input.to_string().as_bytes()).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).context("the outcomes are not JSON")
}
