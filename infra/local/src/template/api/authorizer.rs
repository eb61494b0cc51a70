//! Authorizers of the API.

use std::time::Duration;

use super::properties::{Properties, function_of};
use crate::template::error::TemplateError;
use crate::template::function::FunctionSpec;
use crate::template::node::Node;
use crate::template::resolve::Resolver;
use crate::template::resource::Resource;

/// A Lambda authorizer with simple responses, payload 2.0.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer {
    /// The function's name.
    pub(crate) function: String,
    pub(crate) identity: Vec<IdentitySource>,
    /// How long a response is reused; zero disables the cache.
    pub(crate) ttl: Duration,
}

/// Where an identity comes from, such as `$request.header.Authorization`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdentitySource {
    /// A header, in lower case.
    Header(String),
    Query(String),
    /// `$context.routeKey`: a separate response for each route.
    RouteKey,
}

pub(super) fn read_authorizer(
    resource: &Resource<'_>,
    functions: &[FunctionSpec],
    resolver: &Resolver<'_>,
) -> Result<Authorizer, TemplateError> {
    let properties = Properties::resolve(resource, resolver)?;
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
                "has an IdentitySource that the local stack does not support: {source}"
            ))
        })
    });
    let identity = identity.collect::<Result<Vec<_>, _>>()?;
    if ttl > 0 && identity.is_empty() {
        return Err(
            resource.refuse("caches responses without an IdentitySource, which AWS rejects")
        );
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
