//! `docs/openapi.json` and `docs/errors.md`: they are what the code says, and what the
//! template routes.

use std::collections::BTreeSet;

use anyhow::Context as _;
use gatehouse_edge::config::Environment;
use gatehouse_edge::contract::{Operation, collection, document, errors_page};
use gatehouse_tests::binaries::root;
use gatehouse_tests::contract::Contract;
use gatehouse_tests::person::PASSWORD;
use gatehouse_tests::template::{Template, members, text, with_mail};
use gatehouse_tests::{Response, Service};
use serde_json::{Value, json};

fn operations() -> Vec<Operation> {
    [
        register::contract::operations(),
        login::contract::operations(),
        refresh::contract::operations(),
        logout::contract::operations(),
        account::contract::operations(),
        email::contract::operations(),
        admin::contract::operations(),
        introspect::contract::operations(),
        jwks::contract::operations(),
        protected::contract::operations(),
    ]
    .concat()
}

/// Returns the rate limit and the burst limit of each route, as the reference shows them.
struct Throttles(Template);

impl Throttles {
    fn of(&self, route: &str) -> (String, String) {
        let stages = self.0.resources("AWS::ApiGatewayV2::Stage");
        let stage = stages
            .first()
            .map_or(&Value::Null, |(_, stage)| &stage["Properties"]);
        let own = with_mail(&stage["RouteSettings"][route]);
        let settings = if own.is_null() {
            &stage["DefaultRouteSettings"]
        } else {
            own
        };
        let limit = |name: &str| self.parameter(text(&settings[name], "/Ref"));
        (limit("ThrottlingRateLimit"), limit("ThrottlingBurstLimit"))
    }

    fn parameter(&self, name: &str) -> String {
        let parameters = self.0.section("Parameters");
        let found = parameters.iter().find(|(known, _)| *known == name);
        let default = found.map_or("", |(_, parameter)| text(parameter, "/Default"));
        format!("`{name}` ({default})")
    }
}

fn generated() -> anyhow::Result<[(&'static str, String); 3]> {
    let operations = operations();
    let throttles = Throttles(Template::read()?);
    let document = document(&operations, |route| throttles.of(route));
    let document = format!("{}\n", serde_json::to_string_pretty(&document)?);
    let collection = serde_json::to_string_pretty(&collection(&operations))?;
    Ok([
        ("docs/openapi.json", document),
        ("docs/errors.md", errors_page(&operations)),
        (
            "docs/clients/gatehouse.postman_collection.json",
            format!("{collection}\n"),
        ),
    ])
}

#[test]
fn the_committed_reference_is_what_the_code_says() -> anyhow::Result<()> {
    for (path, generated) in generated()? {
        let file = root().join(path);
        if Environment::read().text("UPDATE_CONTRACT").is_some() {
            std::fs::write(&file, &generated)?;
        }
        let committed = std::fs::read_to_string(&file).context(path)?;
        assert!(
            committed == generated,
            "{path} is stale: run UPDATE_CONTRACT=1 cargo test --test end_to_end contract"
        );
    }
    Ok(())
}

#[test]
fn the_reference_has_each_route_of_the_template_and_no_other() -> anyhow::Result<()> {
    let operations = operations();
    let described: BTreeSet<&str> = operations.iter().map(Operation::route).collect();
    assert_eq!(
        described.len(),
        operations.len(),
        "a route is described twice"
    );
    let template = Template::read()?;
    let routes = template.resources("AWS::ApiGatewayV2::Route");
    let routes = routes.iter();
    let keys = routes.map(|(_, route)| text(route, "/Properties/RouteKey"));
    assert_eq!(described, keys.collect());
    Ok(())
}

#[test]
fn the_reference_says_which_routes_have_an_authorizer() -> anyhow::Result<()> {
    let contract = Contract::new(serde_json::from_str(&generated()?[0].1)?);
    let document = contract.document();
    let template = Template::read()?;
    for (_, route) in template.resources("AWS::ApiGatewayV2::Route") {
        let key = text(route, "/Properties/RouteKey");
        let (method, path) = key.split_once(' ').context("a key without a path")?;
        let operation = &document["paths"][path][method.to_lowercase()];
        let has_authorizer = text(route, "/Properties/AuthorizationType") == "CUSTOM";
        let refused = contract.response(operation, 401);
        let refused = refused.and_then(|response| response["description"].as_str());
        let by_gateway = refused.is_some_and(|text| text.contains("from API Gateway"));
        assert_eq!(by_gateway, has_authorizer, "{key}");
        let security = operation["security"].as_array();
        let is_open = security.is_some_and(|ways| ways.is_empty() || ways[0] == json!({}));
        assert_eq!(
            is_open,
            !has_authorizer && key != "POST /introspect",
            "{key}"
        );
    }
    Ok(())
}

/// A field that the handler reads and the reference lacks, or the reverse, is a mistake:
/// the handlers list their fields when one is unknown.
#[tokio::test]
async fn the_reference_has_each_field_that_a_handler_reads() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("root").await?;
    let document: Value = serde_json::from_str(&generated()?[0].1)?;
    let mut compared = 0;
    for (path, methods) in members(document.get("paths")) {
        for (method, operation) in members(Some(methods)) {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let is_form =
                operation["requestBody"]["content"].get("application/x-www-form-urlencoded");
            let Some(name) = schema["$ref"].as_str().filter(|_| is_form.is_none()) else {
                continue;
            };
            let name = name.rsplit('/').next().unwrap_or_default();
            let schema = &document["components"]["schemas"][name];
            let described: BTreeSet<&str> = members(schema.get("properties"))
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            let path = path.replace("{id}", &admin.id);
            let method = method.to_uppercase().parse()?;
            let body = json!({ "unknown_field": 1 });
            let response = service
                .call_as(&admin.access_token, method, &path, &body)
                .await?;
            assert_eq!(described, declared(&response), "{response}");
            compared += 1;
        }
    }
    assert_eq!(
        compared, 13,
        "JSON bodies of routes that are not token endpoints"
    );
    Ok(())
}

/// Reads the fields that a refusal of `unknown_field` lists.
fn declared(response: &Response) -> BTreeSet<&'static str> {
    let errors = response.list("errors");
    let unknown = errors.iter().find(|error| error["code"] == "unknown_field");
    let detail = unknown.and_then(|error| error["detail"].as_str());
    let listed = detail.and_then(|detail| {
        detail
            .split_once("it has ")
            .or(detail.split_once("the only one is "))
    });
    let Some((_, names)) = listed else {
        return BTreeSet::new();
    };
    names
        .split(", ")
        .map(|name| &*name.to_owned().leak())
        .collect()
}

#[tokio::test]
async fn the_examples_of_the_reference_meet_their_schemas() -> anyhow::Result<()> {
    let contract = Contract::committed()?;
    let wrong = contract.wrong_examples()?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn a_response_that_differs_from_the_reference_is_noticed() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let refused = service.log_in("nobody-here", PASSWORD).await?;
    let mut document: Value = serde_json::from_str(&generated()?[0].1)?;
    let at = |document: &Value, response: &Response| {
        Contract::new(document.clone()).mismatch("POST", "/login", response)
    };
    assert_eq!(at(&document, &refused)?, None);
    let properties = &mut document["components"]["schemas"]["Problem"]["properties"];
    let removed = properties
        .as_object_mut()
        .and_then(|it| it.remove("instance"));
    assert!(removed.is_some());
    let unknown = at(&document, &refused)?.context("a member that is not described")?;
    assert!(unknown.contains("instance"), "{unknown}");
    document["paths"]["/login"]["post"]["responses"]["401"].take();
    let unknown = at(&document, &refused)?.context("a status that is not described")?;
    assert!(unknown.contains("POST /login 401"), "{unknown}");
    Ok(())
}
