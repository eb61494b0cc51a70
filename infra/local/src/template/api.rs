//! The HTTP API: `AWS::ApiGatewayV2::{Api,Stage,Authorizer,Integration,Route}`.

mod cors;
mod route;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use cors::Cors;
pub(crate) use route::{METHODS, PathPart, Route, RouteKey};

use super::function::FunctionSpec;
use super::node::Node;
use super::resolve::Resolver;
use super::{Resource, TemplateError};

/// The API that the gateway serves.
#[derive(Debug)]
pub(crate) struct Api {
    /// Its logical id, which is its id here.
    pub(crate) id: String,
    pub(crate) cors: Option<Cors>,
    pub(crate) authorizers: BTreeMap<String, Authorizer>,
    pub(crate) routes: Vec<Route>,
}

/// A Lambda authorizer with simple responses, payload 2.0.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer {
    /// The function's name.
    pub(crate) function: String,
    pub(crate) identity: Vec<IdentitySource>,
    /// For how long an answer is reused; zero is never.
    pub(crate) ttl: Duration,
}

/// Where an identity is taken from: `$request.header.Authorization`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdentitySource {
    /// A header, lower-cased.
    Header(String),
    Query(String),
    /// `$context.routeKey`: an answer of its own for each route.
    RouteKey,
}

/// Reads the one API of the template.
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
            let problem = "there is no AWS::ApiGatewayV2::Api in the template".to_owned();
            return Err(TemplateError { line: 1, problem });
        }
        (Some(_), Some(second)) => {
            return Err(second.refuse("is a second API, and the local stack serves one"));
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
        let authorizer = read_authorizer(resource, functions, resolver)?;
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
    let properties = Properties::of(api, resolver)?;
    if properties.get("Body").is_some() || properties.get("BodyS3Location").is_some() {
        return Err(
            api.refuse("has a Body: write its routes as AWS::ApiGatewayV2::Route resources")
        );
    }
    properties.expect("ProtocolType", "HTTP")?;
    properties
        .get("CorsConfiguration")
        .map(Cors::read)
        .transpose()
}

/// Looks at the name alone: access logs and throttles are AWS's affair.
fn read_stage(stage: &Resource<'_>, resolver: &Resolver<'_>) -> Result<(), TemplateError> {
    let properties = stage.properties.ok_or_else(|| stage.lacks("Properties"))?;
    let written = properties.get("StageName");
    let name = resolver.present(written.ok_or_else(|| stage.lacks("StageName"))?)?;
    match name.text()? {
        "$default" => Ok(()),
        other => Err(name.error(format!(
            "{} has StageName {other}, and the local stack knows $default alone",
            stage.id
        ))),
    }
}

fn read_authorizer(
    resource: &Resource<'_>,
    functions: &[FunctionSpec],
    resolver: &Resolver<'_>,
) -> Result<Authorizer, TemplateError> {
    let properties = Properties::of(resource, resolver)?;
    properties.expect("AuthorizerType", "REQUEST")?;
    properties.expect("AuthorizerPayloadFormatVersion", "2.0")?;
    properties.expect("EnableSimpleResponses", "true")?;
    let ttl = properties
        .get("AuthorizerResultTtlInSeconds")
        .map_or(Ok(0), Node::number)?;
    let sources = properties
        .get("IdentitySource")
        .map_or(Ok(vec![]), Node::texts)?;
    let identity = sources.iter().map(|source| {
        IdentitySource::parse(source).ok_or_else(|| {
            resource.refuse(&format!(
                "has an IdentitySource that is not known here: {source}"
            ))
        })
    });
    let identity = identity.collect::<Result<Vec<_>, _>>()?;
    if ttl > 0 && identity.is_empty() {
        return Err(resource.refuse("caches answers without an IdentitySource, which AWS refuses"));
    }
    Ok(Authorizer {
        function: function_of(properties.required("AuthorizerUri")?, functions)?,
        identity,
        ttl: Duration::from_secs(ttl),
    })
}

impl IdentitySource {
    fn parse(expression: &str) -> Option<Self> {
        if let Some(name) = expression.strip_prefix("$request.header.") {
            return Some(Self::Header(name.to_ascii_lowercase()));
        }
        if let Some(name) = expression.strip_prefix("$request.querystring.") {
            return Some(Self::Query(name.to_owned()));
        }
        (expression == "$context.routeKey").then_some(Self::RouteKey)
    }
}

/// Finds the function that an ARN, alone or within API Gateway's URI, names.
fn function_of(uri: &Node, functions: &[FunctionSpec]) -> Result<String, TemplateError> {
    let text = uri.text()?;
    let name = text.rsplit_once(":function:").map_or("", |(_, name)| name);
    let name = name.strip_suffix("/invocations").unwrap_or(name);
    match functions.iter().find(|function| function.name == name) {
        Some(function) => Ok(function.name.clone()),
        None => Err(uri.error(format!("this names no function of the template: {text}"))),
    }
}

/// The properties of a resource, resolved.
struct Properties<'a> {
    resource: &'a Resource<'a>,
    node: Node,
}

impl<'a> Properties<'a> {
    fn of(resource: &'a Resource<'a>, resolver: &Resolver<'_>) -> Result<Self, TemplateError> {
        let written = resource
            .properties
            .ok_or_else(|| resource.lacks("Properties"))?;
        let node = resolver.present(written)?;
        Ok(Self { resource, node })
    }

    fn get(&self, key: &str) -> Option<&Node> {
        self.node.get(key)
    }

    fn required(&self, key: &str) -> Result<&Node, TemplateError> {
        self.get(key).ok_or_else(|| self.resource.lacks(key))
    }

    /// Refuses every value but the one that is built.
    fn expect(&self, key: &str, only: &str) -> Result<(), TemplateError> {
        let node = self.required(key)?;
        let text = node.text()?;
        if text.eq_ignore_ascii_case(only) {
            return Ok(());
        }
        let id = self.resource.id;
        Err(node.error(format!(
            "{id} has {key} {text}, and the local stack knows {only} alone"
        )))
    }
}

impl Resource<'_> {
    /// The complaint about this resource, whose id begins the sentence.
    fn refuse(&self, predicate: &str) -> TemplateError {
        TemplateError {
            line: self.line,
            problem: format!("{} {predicate}", self.id),
        }
    }
}
