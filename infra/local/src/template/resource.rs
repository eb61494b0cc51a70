//! The resources of a template.

use super::error::TemplateError;
use super::node::{Entry, Node};
use super::resolve::Resolver;

/// One resource whose condition holds.
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) line: usize,
    pub(super) properties: Option<&'a Node>,
}

/// Reads the resources of a template.
pub(super) fn read<'a>(
    root: &'a Node,
    resolver: &Resolver<'_>,
) -> Result<Vec<Resource<'a>>, TemplateError> {
    let mut found = Vec::new();
    for Entry { key, line, value } in root.section("Resources")? {
        let kind = value.required("Type")?.text()?;
        if let Some(condition) = value.get("Condition")
            && !resolver.condition(condition)?
        {
            continue;
        }
        if let Some((_, instead)) = UNSUPPORTED.iter().find(|(name, _)| *name == kind) {
            return Err(TemplateError {
                line: *line,
                problem: format!(
                    "{key} is an {kind}, which the local stack does not run: {instead}"
                ),
            });
        }
        found.push(Resource {
            id: key,
            kind,
            line: *line,
            properties: value.get("Properties"),
        });
    }
    Ok(found)
}

impl Resource<'_> {
    /// The complaint about this resource, whose id begins the sentence.
    pub(super) fn refuse(&self, predicate: &str) -> TemplateError {
        TemplateError {
            line: self.line,
            problem: format!("{} {predicate}", self.id),
        }
    }

    /// The complaint that something is missing from this resource.
    pub(super) fn lacks(&self, what: &str) -> TemplateError {
        TemplateError {
            line: self.line,
            problem: format!("{} has no {what}", self.id),
        }
    }
}

/// Resources that would be silently missing here, and what to write instead.
const UNSUPPORTED: [(&str, &str); 7] = [
    (
        "AWS::Serverless::HttpApi",
        "write it out as AWS::ApiGatewayV2 resources",
    ),
    (
        "AWS::Serverless::Api",
        "write an HTTP API out as AWS::ApiGatewayV2 resources",
    ),
    (
        "AWS::Serverless::SimpleTable",
        "write it as an AWS::DynamoDB::Table",
    ),
    (
        "AWS::ApiGateway::RestApi",
        "it serves one HTTP API, an AWS::ApiGatewayV2::Api",
    ),
    (
        "AWS::DynamoDB::GlobalTable",
        "write it as an AWS::DynamoDB::Table",
    ),
    (
        "AWS::Lambda::Function",
        "write it as an AWS::Serverless::Function",
    ),
    (
        "AWS::Lambda::Url",
        "it serves one HTTP API, an AWS::ApiGatewayV2::Api",
    ),
];
