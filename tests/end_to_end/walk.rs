//! The README's walk with `curl`, every line of it, against a service of its own.

use std::process::Command;

use gatehouse_tests::binaries::root;
use gatehouse_tests::person::unique;
use gatehouse_tests::{Service, document};

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_walk_does_what_it_says() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    // The name in the README may be somebody's already on a stack that is kept.
    let readme = readme.replace("\"ada\"", &format!("\"{}\"", unique("ada")));
    let steps = document::steps_run_by("tests/end_to_end/walk.rs", &readme);
    assert!(steps.len() >= 7, "the walk has {} steps", steps.len());
    let url = service.url().to_owned();
    let walk = move || {
        document::run(&steps, Command::new("sh"), |commands| {
            commands.replace("http://localhost:3000", &url)
        })
    };
    tokio::task::spawn_blocking(walk).await?
}
