//! The HTTP API: `AWS::ApiGatewayV2::{Api,Stage,Authorizer,Integration,Route}`.

mod authorizer;
mod cors;
mod properties;
mod route;

use std::collections::BTreeMap;

pub(crate) use authorizer::{Authorizer, IdentitySource};
pub(crate) use cors::Cors;
use properties::Properties;
pub(crate) use route::{METHODS, PathPart, Route, RouteKey};

use super::error::TemplateError;
use super::function::FunctionSpec;
use super::resolve::Resolver;
use super::resource::Resource;

/// The API that the gateway serves.
#[derive(Debug)]
pub(crate) struct Api {
    /// Its logical id, which is also its id in the local stack.
    pub(crate) id: String,
    pub(crate) cors: Option<Cors>,
    pub(crate) authorizers: BTreeMap<String, Authorizer>,
    pub(crate) routes: Vec<Route>,
}

/// Reads the only API of the template.
pub(super) fn read(
    resources: &[Resource<'_>],
    functions: &[FunctionSpec],
    resolver: &Resolver<'_>,
) -> Result<Api, TemplateError> {
    let kind = |wanted: &'static str| {
        resources
            .iter()
            .filter(move |r| r.kind.strip_prefix("AWS::ApiGatewayV2::") == Some(wanted))
    };
    let mut apis = kind("Api");
    let api = match (apis.next(), apis.next()) {
        (Some(api), None) => api,
        (None, _) => {
            let problem = "the template has no AWS::ApiGatewayV2::Api".to_owned();
            return Err(TemplateError { line: 1, problem });
        }
        (Some(_), Some(second)) => {
            return Err(second.refuse("is a second API, but the local stack supports only one"));
        }
    };
    let cors = read_api(api, resolver)?;
    let stages: Result<Vec<()>, _> = kind("Stage")
        .map(|stage| read_stage(stage, resolver))
        .collect();
    if stages?.is_empty() {
        return Err(api.refuse("has no AWS::ApiGatewayV2::Stage, so AWS would not serve it"));
    }
    let mut authorizers = BTreeMap::new();
    for resource in kind("Authorizer") {
        let authorizer = authorizer::read_authorizer(resource, functions, resolver)?;
        authorizers.insert(resource.id.to_owned(), authorizer);
    }
    let integrations = kind("Integration").map(|resource| {
        let integration = route::read_integration(resource, functions, resolver)?;
        Ok((resource.id.to_owned(), integration))
    });
    let integrations = integrations.collect::<Result<BTreeMap<_, _>, TemplateError>>()?;
    let mut routes: Vec<Route> = Vec::new();
    for resource in kind("Route") {
        let route = route::read_route(resource, &integrations, &authorizers, resolver)?;
        if routes.iter().any(|other| other.key == route.key) {
            return Err(resource.refuse(&format!("is a second route {}", route.key)));
        }
        routes.push(route);
    }
    Ok(Api {
        id: api.id.to_owned(),
        cors,
        authorizers,
        routes,
    })
}

fn read_api(api: &Resource<'_>, resolver: &Resolver<'_>) -> Result<Option<Cors>, TemplateError> {
    let properties = Properties::resolve(api, resolver)?;
    if properties.get("Body").is_some() || properties.get("BodyS3Location").is_some() {
        return Err(
            api.refuse("has a Body, which the local stack does not support: write AWS::ApiGatewayV2::Route resources instead")
        );
    }
    properties.expect("ProtocolType", "HTTP")?;
    properties
        .get("CorsConfiguration")
        .map(Cors::read)
        .transpose()
}

/// Checks only the name: the local stack has no access logs or throttles.
fn read_stage(stage: &Resource<'_>, resolver: &Resolver<'_>) -> Result<(), TemplateError> {
    let properties = stage.properties.ok_or_else(|| stage.lacks("Properties"))?;
    let written = properties.get("StageName");
    let name = resolver.present(written.ok_or_else(|| stage.lacks("StageName"))?)?;
    match name.text()? {
        "$default" => Ok(()),
        other => Err(name.error(format!(
            "{} has StageName {other}, but the local stack only supports $default",
            stage.id
        ))),
    }
}
