//! The README's commands for people, as they are written there.

use gatehouse_tests::binaries::root;
use gatehouse_tests::{Service, document};
use serde_json::json;

use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_commands_for_people_do_what_it_says() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let ada = json!({ "username": "ada", "password": "seven quiet otters at dawn" });
    assert_eq!(service.post("/register", &ada).await?.status, 201);
    let project = Project::of(&service)?;
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    let steps = document::steps_run_by("infra/cli/tests/command/readme.rs", &readme);
    assert!(!steps.is_empty(), "the README names no commands for people");
    let run = move || {
        document::run(&steps, project.shell(), |commands| {
            commands.replace("cargo gatehouse", env!("CARGO_BIN_EXE_gatehouse"))
        })
    };
    tokio::task::spawn_blocking(run).await?
}
