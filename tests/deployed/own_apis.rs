//! `infra/examples/own_apis.yaml`: other APIs behind the deployed authorizer.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::deployment::{Deployment, is_deployed};
use gatehouse_tests::{Response, Service, sam};

#[tokio::test]
async fn own_http_and_rest_apis_use_the_deployed_authorizer() -> anyhow::Result<()> {
    ensure!(
        is_deployed(),
        "there is no deployed authorizer: `cargo deployed` deploys one"
    );
    let service = Service::start().await?;
    let ada = service.logged_in("ada").await?;
    let ours = Deployment::with(&BTreeMap::new()).await?;
    let name = format!("{}-own-apis", ours.stack());
    let template = root().join("infra/examples/own_apis.yaml");
    let arn = ours.output("AuthorizerFunctionArn").to_owned();
    let parameters = [("AuthorizerFunctionArn".to_owned(), arn)].into();
    sam::deploy(&BTreeMap::new(), &template, &name, &parameters)?;
    let apis = ours.neighbour(&name).await?;

    // An HTTP API can only respond with 403 to an invalid token; a REST API responds with
    // 401.
    let apis = [
        (apis.url_of("HttpApi", "$default")?, 403),
        (apis.url_of("RestApi", "live")?, 401),
    ];
    for (url, refused) in &apis {
        call(url, None).await?.assert_status(401);
        call(url, Some("a.b.c")).await?.assert_status(*refused);
        let response = call(url, Some(&ada.access_token)).await?;
        response.assert_status(200);
        assert!(response.text.contains(&ada.id), "{response}");
    }
    ada.logs_out(&service, "local").await?;
    for (url, refused) in &apis {
        let response = call(url, Some(&ada.access_token)).await?;
        response.case("after the logout").assert_status(*refused);
    }
    Ok(())
}

/// Gets the orders from an API that is not the service's own.
async fn call(url: &str, token: Option<&str>) -> anyhow::Result<Response> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{url}/orders");
    let mut request = client.get(&url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.context("no response")?;
    Response::read(format!("GET {url}"), response).await
}
