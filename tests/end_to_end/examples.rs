//! The templates in `infra/examples`: other APIs that accept the service's tokens.

use gatehouse_tests::binaries::root;
use gatehouse_tests::template::{Template, items, text};

#[test]
fn the_example_authorizers_cache_nothing_and_require_the_header() -> anyhow::Result<()> {
    let template = example("own_apis")?;
    let http = template.properties("HttpAuthorizer");
    let rest = template.properties("RestAuthorizer");
    assert_eq!(
        items(http.get("IdentitySource")),
        ["$request.header.Authorization"]
    );
    assert_eq!(
        rest["IdentitySource"],
        "method.request.header.Authorization"
    );
    for authorizer in [http, rest] {
        let ttl = text(authorizer, "/AuthorizerResultTtlInSeconds/Ref");
        assert_eq!(ttl, "AuthorizerCacheSeconds");
        let uri = text(authorizer, "/AuthorizerUri/Fn::Sub");
        assert!(uri.contains("${AuthorizerFunctionArn}"), "{uri}");
    }
    let parameters = template.section("Parameters");
    let ttl = parameters
        .iter()
        .find(|(name, _)| *name == "AuthorizerCacheSeconds");
    assert_eq!(ttl.map(|(_, ttl)| text(ttl, "/Default")), Some("0"));
    Ok(())
}

#[test]
fn every_route_and_method_of_the_examples_is_protected() -> anyhow::Result<()> {
    let mut protected = Vec::new();
    for name in ["own_apis", "native_jwt"] {
        let template = example(name)?;
        let routes = template.resources("AWS::ApiGatewayV2::Route");
        let methods = template.resources("AWS::ApiGateway::Method");
        for (id, resource) in routes.iter().chain(&methods) {
            let authorizer = text(resource, "/Properties/AuthorizerId/Ref");
            assert!(!template.properties(authorizer).is_null(), "{id}");
            protected.push(text(resource, "/Properties/AuthorizationType").to_owned());
        }
    }
    assert_eq!(protected, ["CUSTOM", "CUSTOM", "JWT"]);
    Ok(())
}

#[test]
fn every_input_of_the_examples_is_an_output_of_the_template() -> anyhow::Result<()> {
    let outputs = Template::read()?;
    let outputs = outputs.section("Outputs");
    for (name, wanted) in [
        ("own_apis", vec!["AuthorizerFunctionArn"]),
        ("native_jwt", vec!["TokenIssuer", "TokenAudience"]),
    ] {
        let template = example(name)?;
        let parameters = template.section("Parameters");
        for output in wanted {
            let named = |(name, _): &(&str, _)| *name == output;
            assert!(outputs.iter().any(named), "there is no output {output}");
            assert!(parameters.iter().any(named), "{name} has no {output}");
        }
    }
    Ok(())
}

fn example(name: &str) -> anyhow::Result<Template> {
    Template::read_from(&root().join(format!("infra/examples/{name}.yaml")))
}

/// API Gateway may cache the authorizer's response for longer than the token is valid.
#[test]
fn an_example_whose_gateway_may_cache_compares_the_expiry() -> anyhow::Result<()> {
    let example = example("own_apis")?;
    for (id, function) in example.resources("AWS::Serverless::Function") {
        let code = text(&function["Properties"], "/InlineCode");
        assert!(
            code.contains(r#"int(person["exp"]) <= time.time()"#),
            "{id}"
        );
    }
    Ok(())
}
