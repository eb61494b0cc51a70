//! The API reference of `cargo local`: `reference.mjs`.

use gatehouse_tests::Service;

use crate::scripts::Scripts;

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_shows_every_route_and_loads_nothing_from_elsewhere() -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let service = Service::start_locally(|_| {}).await?;
    scripts.run("reference.mjs", &service, &[]).await
}
