//! The resources of a template.

use super::error::TemplateError;
use super::node::{Entry, Node, Value};
use super::resolve::Resolver;

/// A resource.
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) line: usize,
    pub(super) properties: Option<&'a Node>,
}

/// Resources that would otherwise be silently ignored, and what to write instead.
const UNSUPPORTED: [(&str, &str); 7] = [
    (
        "AWS::Serverless::HttpApi",
        "write AWS::ApiGatewayV2 resources instead",
    ),
    (
        "AWS::Serverless::Api",
        "write an HTTP API as AWS::ApiGatewayV2 resources instead",
    ),
    (
        "AWS::Serverless::SimpleTable",
        "use an AWS::DynamoDB::Table",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "use an HTTP API, an AWS::ApiGatewayV2::Api",
    ),
    ("AWS::DynamoDB::GlobalTable", "use an AWS::DynamoDB::Table"),
    ("AWS::Lambda::Function", "use an AWS::Serverless::Function"),
    (
        "AWS::Lambda::Url",
        "use an HTTP API, an AWS::ApiGatewayV2::Api",
    ),
];

/// Returns the resources of a template whose conditions are true.
pub(super) fn read<'a>(
    root: &'a Node,
    resolver: &Resolver<'_>,
) -> Result<Vec<Resource<'a>>, TemplateError> {
    let mut resources = Vec::new();
    for (resource, condition) in all(root)? {
        if let Some(condition) = condition
            && !resolver.condition(condition)?
        {
            continue;
        }
        let mut unsupported = UNSUPPORTED.iter();
        if let Some((kind, instead)) = unsupported.find(|(name, _)| *name == resource.kind) {
            return Err(resource.refuse(&format!(
                "is an {kind}, which the local stack does not support: {instead}"
            )));
        }
        resources.push(resource);
    }
    Ok(resources)
}

/// Returns every resource of a template, with its condition.
pub(super) fn all(root: &Node) -> Result<Vec<(Resource<'_>, Option<&Node>)>, TemplateError> {
    let mut resources = Vec::new();
    for Entry { key, line, value } in root.section("Resources")? {
        let resource = Resource {
            id: key,
            kind: value.required("Type")?.text()?,
            line: *line,
            properties: value.get("Properties"),
        };
        resources.push((resource, value.get("Condition")));
    }
    Ok(resources)
}

impl Resource<'_> {
    /// Returns an error about this resource, whose id is the subject of the sentence.
    pub(super) fn refuse(&self, predicate: &str) -> TemplateError {
        TemplateError {
            line: self.line,
            problem: format!("{} {predicate}", self.id),
        }
    }

    /// Returns the properties, resolved.
    pub(super) fn resolved(&self, resolver: &Resolver<'_>) -> Result<Node, TemplateError> {
        match self.properties {
            Some(properties) => resolver.present(properties),
            None => Ok(Node {
                line: self.line,
                value: Value::Map(Vec::new()),
            }),
        }
    }

    /// Refuses a property that would otherwise be silently ignored.
    pub(super) fn only(&self, properties: &Node, known: &[&str]) -> Result<(), TemplateError> {
        let mut entries = properties.entries()?.iter();
        match entries.find(|entry| !known.contains(&entry.key.as_str())) {
            None => Ok(()),
            Some(entry) => Err(entry.value.error(format!(
                "the local stack does not support {} of {}",
                entry.key, self.id
            ))),
        }
    }

    /// Returns an error about a missing property.
    pub(super) fn lacks(&self, what: &str) -> TemplateError {
        TemplateError {
            line: self.line,
            problem: format!("{} has no {what}", self.id),
        }
    }
}
