//! `infra/examples/own_apis.yaml`: somebody's own APIs behind the deployed authorizer.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::deployment::{Deployment, is_deployed};
use gatehouse_tests::{Answer, Person, Service, sam};

#[tokio::test]
async fn an_http_and_a_rest_api_of_ones_own_ask_the_deployed_authorizer() -> anyhow::Result<()> {
    ensure!(
        is_deployed(),
        "there is no deployed authorizer: `cargo deployed` makes one"
    );
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let ours = Deployment::with(&BTreeMap::new()).await?;
    let name = format!("{}-own-apis", ours.stack());
    let template = root().join("infra/examples/own_apis.yaml");
    let arn = ours.output("AuthorizerFunctionArn").to_owned();
    let parameters = [("AuthorizerFunctionArn".to_owned(), arn)].into();
    sam::deploy(&BTreeMap::new(), &template, &name, &parameters)?;
    let apis = ours.neighbour(&name).await?;

    let (http, rest) = (
        apis.url_of("HttpApi", "$default")?,
        apis.url_of("RestApi", "live")?,
    );
    // An HTTP API can say nothing but 403 to a token that is not good; a REST API says 401.
    for (url, bad) in [(http, 403), (rest, 401)] {
        let url = format!("{url}/orders");
        assert_eq!(call(&url, None).await?.status, 401, "no token: {url}");
        assert_eq!(call(&url, Some("a.b.c")).await?.status, bad, "{url}");
        let good = call(&url, Some(&person.access_token)).await?;
        assert_eq!(good.status, 200, "{url}: {good:?}");
        assert!(good.text.contains(&person.id), "{url}: {good:?}");
    }
    service
        .post_as(&person.access_token, "/logout", &serde_json::json!({}))
        .await?;
    let (http, rest) = (
        apis.url_of("HttpApi", "$default")?,
        apis.url_of("RestApi", "live")?,
    );
    for (url, bad) in [(http, 403), (rest, 401)] {
        let answer = call(&format!("{url}/orders"), Some(&person.access_token)).await?;
        assert_eq!(answer.status, bad, "after the logout: {answer:?}");
    }
    Ok(())
}

async fn call(url: &str, token: Option<&str>) -> anyhow::Result<Answer> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut request = client.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Answer::read(request.send().await.context("no answer")?).await
}
