//! The Postman collection in `docs/clients`, run by Postman's own runner against the local
//! stack.

use anyhow::ensure;
use gatehouse_tests::binaries::root;
use gatehouse_tests::{Service, programs};
use tokio::process::Command;

use crate::install;

#[tokio::test(flavor = "multi_thread")]
async fn the_collection_registers_logs_in_calls_refreshes_and_logs_out() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let folder = install::folder().join("collection");
    programs::node_packages(&folder)?;
    let service = Service::start().await?;
    let run = Command::new("node")
        .arg(folder.join("node_modules/newman/bin/newman.js"))
        .arg("run")
        .arg(root().join("docs/clients/gatehouse.postman_collection.json"))
        .args(["--folder", "Walk", "--color", "off", "--disable-unicode"])
        .args(["--env-var", &format!("baseUrl={}", service.url())])
        .env("NO_PROXY", "localhost,127.0.0.1")
        .output()
        .await?;
    let out = String::from_utf8_lossy(&run.stdout);
    let errors = String::from_utf8_lossy(&run.stderr);
    ensure!(run.status.success(), "{out}{errors}");
    // A run without requests succeeds too.
    let row = out.lines().find(|line| line.contains("assertions"));
    let cells = row.unwrap_or_default().split('|').map(str::trim);
    let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
    assert_eq!(
        cells,
        ["assertions", "7", "0"],
        "executed and failed: {out}"
    );
    Ok(())
}
