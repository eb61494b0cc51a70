//! The commands of `docs/command-line.md`, exactly as written there.

use gatehouse_tests::binaries::root;
use gatehouse_tests::{Service, document};
use serde_json::json;

use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_commands_do_what_the_page_says() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let ada = json!({ "username": "ada", "password": "seven quiet otters at dawn" });
    assert_eq!(service.post("/register", &ada).await?.status, 201);
    let project = Project::of(&service)?;
    let page = std::fs::read_to_string(root().join("docs/command-line.md"))?;
    let steps = document::steps_run_by("infra/cli/tests/command/command_line.rs", &page);
    assert!(
        steps.len() >= 2,
        "the page has {} blocks to run",
        steps.len()
    );
    let run = move || {
        document::run(&steps, project.shell(), |commands| {
            commands.replace("cargo gatehouse", env!("CARGO_BIN_EXE_gatehouse"))
        })
    };
    tokio::task::spawn_blocking(run).await?
}
