//! Routes and their integrations.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::authorizer::Authorizer;
use super::properties::{Properties, function_of};
use crate::template::error::TemplateError;
use crate::template::function::FunctionSpec;
use crate::template::node::Node;
use crate::template::resolve::Resolver;
use crate::template::resource::Resource;

/// The methods that HTTP APIs route; all others get a 404.
pub(crate) const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// A route and its integration.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) key: RouteKey,
    /// The function's name.
    pub(crate) function: String,
    /// How long the gateway waits for the function.
    pub(crate) timeout: Duration,
    /// The authorizer's logical id.
    pub(crate) authorizer: Option<String>,
}

/// A route key: `POST /register`, `ANY /users/{id}`, `$default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteKey {
    Default,
    Path {
        /// `None` is `ANY`.
        method: Option<String>,
        parts: Vec<PathPart>,
    },
}

/// One segment of a route's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathPart {
    /// `{proxy+}`: all remaining segments.
    Greedy(String),
    /// `{id}`: one segment.
    Variable(String),
    Literal(String),
}

/// An integration with a function.
pub(super) struct Integration {
    function: String,
    timeout: Duration,
}

/// The maximum that AWS allows, which is also the default.
const MAX_TIMEOUT_MILLIS: u64 = 30_000;

pub(super) fn read_integration(
    resource: &Resource<'_>,
    functions: &[FunctionSpec],
    resolver: &Resolver<'_>,
) -> Result<Integration, TemplateError> {
    let properties = Properties::resolve(resource, resolver)?;
    properties.expect("IntegrationType", "AWS_PROXY")?;
    properties.expect("PayloadFormatVersion", "2.0")?;
    let timeout = match properties.get("TimeoutInMillis") {
        Some(node) => match node.number()? {
            millis @ 50..=MAX_TIMEOUT_MILLIS => millis,
            _ => return Err(node.error("TimeoutInMillis must be between 50 and 30000")),
        },
        None => MAX_TIMEOUT_MILLIS,
    };
    Ok(Integration {
        function: function_of(properties.required("IntegrationUri")?, functions)?,
        timeout: Duration::from_millis(timeout),
    })
}

pub(super) fn read_route(
    resource: &Resource<'_>,
    integrations: &BTreeMap<String, Integration>,
    authorizers: &BTreeMap<String, Authorizer>,
    resolver: &Resolver<'_>,
) -> Result<Route, TemplateError> {
    let properties = Properties::resolve(resource, resolver)?;
    let target = properties.required("Target")?;
    let integration = target.text()?.strip_prefix("integrations/");
    let integration = integration
        .and_then(|id| integrations.get(id))
        .ok_or_else(|| {
            target.error(format!(
                "the Target of {} is not an integration of the template",
                resource.id
            ))
        })?;
    let authorizer = match properties
        .get("AuthorizationType")
        .map(Node::text)
        .transpose()?
    {
        None | Some("NONE") => None,
        Some("CUSTOM") => {
            let id = properties.required("AuthorizerId")?;
            let known = authorizers.contains_key(id.text()?);
            let id = known.then(|| id.text()).ok_or_else(|| {
                id.error(format!(
                    "the AuthorizerId of {} is not an authorizer of the template",
                    resource.id
                ))
            })??;
            Some(id.to_owned())
        }
        Some(other) => {
            return Err(resource.refuse(&format!(
                "has AuthorizationType {other}, but the local stack only supports NONE and CUSTOM"
            )));
        }
    };
    Ok(Route {
        key: RouteKey::read(properties.required("RouteKey")?)?,
        function: integration.function.clone(),
        timeout: integration.timeout,
        authorizer,
    })
}

impl RouteKey {
    fn read(node: &Node) -> Result<Self, TemplateError> {
        let text = node.text()?;
        if text == "$default" {
            return Ok(Self::Default);
        }
        let wrong = || {
            node.error(format!(
                "{text} is not a route key: write METHOD /path or $default"
            ))
        };
        let (method, path) = text.split_once(' ').ok_or_else(wrong)?;
        let path = path.strip_prefix('/').ok_or_else(wrong)?;
        let method = match method {
            "ANY" => None,
            method if METHODS.contains(&method) => Some(method.to_owned()),
            _ => return Err(wrong()),
        };
        let mut parts: Vec<PathPart> = path.split('/').map(PathPart::parse).collect();
        if path.is_empty() {
            parts.clear();
        }
        let greedy = |part: &PathPart| matches!(part, PathPart::Greedy(_));
        if parts.iter().rev().skip(1).any(greedy) {
            return Err(node.error("a greedy variable must be the last part of the path"));
        }
        Ok(Self::Path { method, parts })
    }
}

impl PathPart {
    fn parse(segment: &str) -> Self {
        let inner = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        match inner {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Greedy(name.to_owned()),
                None => Self::Variable(name.to_owned()),
            },
            None => Self::Literal(segment.to_owned()),
        }
    }
}

/// As in the template, and in `routeKey` of events.
impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Path { method, parts } = self else {
            return f.write_str("$default");
        };
        write!(f, "{} /", method.as_deref().unwrap_or("ANY"))?;
        for (index, part) in parts.iter().enumerate() {
            let slash = if index > 0 { "/" } else { "" };
            match part {
                PathPart::Literal(text) => write!(f, "{slash}{text}")?,
                PathPart::Variable(name) => write!(f, "{slash}{{{name}}}")?,
                PathPart::Greedy(name) => write!(f, "{slash}{{{name}+}}")?,
            }
        }
        Ok(())
    }
}
