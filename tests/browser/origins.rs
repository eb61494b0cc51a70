//! What CORS lets a page do: `origins.mjs`.

use gatehouse_tests::Service;
use gatehouse_tests::service::parameters;

use crate::scripts::Scripts;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_responses_only_if_its_origin_is_allowed() -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let cors = parameters(&[("CorsOrigins", "https://app.example.test")]);
    let service = Service::start_locally(|options| options.parameters = cors).await?;
    let ada = service.registered("ada").await?;
    let variables = [("USERNAME", &*ada.username), ("PASSWORD", &ada.password)];
    scripts.run("origins.mjs", &service, &variables).await
}
