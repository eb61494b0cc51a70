//! The walk with `curl` through the README and `docs/api.md`, every line of it, against
//! its own service.

use std::process::Command;

use gatehouse_tests::binaries::root;
use gatehouse_tests::person::unique;
use gatehouse_tests::{Service, document};

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_walk_does_what_it_says() -> anyhow::Result<()> {
    let service = Service::start().await?;
    // On a stack that is kept between runs, the name may already be taken.
    let username = format!("\"{}\"", unique("ada"));
    let mut steps = Vec::new();
    for (name, at_least) in [("README.md", 7), ("docs/api.md", 5)] {
        let page = std::fs::read_to_string(root().join(name))?;
        let page = page.replace("\"ada\"", &username);
        let found = document::steps_run_by("tests/end_to_end/walk.rs", &page);
        assert!(found.len() >= at_least, "{name} has {} steps", found.len());
        steps.extend(found);
    }
    let url = service.url().to_owned();
    let walk = move || {
        document::run(&steps, Command::new("sh"), |commands| {
            commands.replace("http://localhost:3000", &url)
        })
    };
    tokio::task::spawn_blocking(walk).await?
}
