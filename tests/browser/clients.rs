//! The client in `docs/clients` in many tabs: `clients.mjs`.

use gatehouse_tests::Service;
use gatehouse_tests::service::parameters;

use crate::scripts::Scripts;

/// Without a grace window, a refresh that two tabs send, or that one repeats with another
/// key, ends the session.
#[tokio::test(flavor = "multi_thread")]
async fn ten_tabs_cause_one_refresh_and_a_closed_tab_ends_no_session() -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let settings = parameters(&[
        ("CorsOrigins", "https://app.example.test"),
        ("RefreshGraceSeconds", "0"),
    ]);
    let service = Service::start_locally(|options| options.parameters = settings).await?;
    let ada = service.registered("ada").await?;
    let variables = [("USERNAME", &*ada.username), ("PASSWORD", &ada.password)];
    scripts.run("clients.mjs", &service, &variables).await
}
