//! The files in `docs/clients` as a user copies them, and the programs of
//! `docs/clients.md` that use them.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use tokio::process::Command;

use crate::install;
use crate::relay::Relay;

/// The programs of `docs/clients.md`, each beside a copy of the client that it imports.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_programs_run_beside_a_copy_of_the_client() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let service = Service::shared_with(&[("RefreshGraceSeconds", "0")]).await?;
    let ada = service.registered("ada").await?;
    let relay = Relay::start(service.url(), &[]).await?;
    let folder = tempfile::TempDir::new()?;
    for client in ["gatehouse.js", "gatehouse.py"] {
        let from = root().join("docs/clients").join(client);
        std::fs::copy(from, folder.path().join(client))?;
    }
    let document = std::fs::read_to_string(root().join("docs/clients.md"))?;
    let examples: Vec<_> = document.split("<!-- example: ").skip(1).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let (name, rest) = example.split_once(" -->").context("a marker ends")?;
        let block = rest.split("```").nth(1).context("a block follows")?;
        let (_, program) = block.split_once('\n').context("a block has lines")?;
        let program = program
            .replace("https://auth.example.com", relay.url())
            .replace("\"ada\"", &format!("{:?}", ada.username))
            .replace("seven quiet otters at dawn", &ada.password);
        std::fs::write(folder.path().join(name), program)?;
        let is_python = block.starts_with("python");
        let output = Command::new(if is_python { "python3" } else { "node" })
            .arg(folder.path().join(name))
            .env("NO_PROXY", "localhost,127.0.0.1")
            .output()
            .await?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{name}: {printed}{errors}");
        let lines: Vec<&str> = printed.lines().collect();
        if name == "example_asyncio.py" {
            assert_eq!(lines, [format!("{{'{}'}}", ada.username)]);
        } else {
            assert_eq!(lines, [ada.username.as_str(), "log in again"], "{name}");
        }
    }
    Ok(())
}

/// The compiled client, as `docs/clients` has it.
#[tokio::test]
async fn the_javascript_is_what_the_typescript_compiles_to() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    install::node()?;
    let folder = tempfile::TempDir::new()?;
    compile(&["--outDir", &folder.path().to_string_lossy()]).await?;
    let compiled = std::fs::read_to_string(folder.path().join("gatehouse.js"))?;
    let committed = std::fs::read_to_string(root().join("docs/clients/gatehouse.js"))?;
    assert!(
        compiled == committed,
        "gatehouse.js is stale: run tests/clients/node_modules/.bin/tsc --project tests/clients"
    );
    // With the types of Node in place of those of a browser.
    compile(&["--noEmit", "--lib", "es2022", "--types", "node"]).await
}

async fn compile(arguments: &[&str]) -> anyhow::Result<()> {
    let compiler: PathBuf = install::folder().join("node_modules/.bin/tsc");
    let output = Command::new(compiler)
        .arg("--project")
        .arg(install::folder())
        .args(arguments)
        .output()
        .await?;
    let errors = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{arguments:?}: {errors}");
    Ok(())
}
