//! `infra/template.yaml` as the local stack needs it: functions, tables and
//! the HTTP API, resolved. There is no second list of any of them.

mod api;
mod document;
mod function;
mod node;
mod parameter;
mod reference;
mod resolve;
mod rule;
mod substitution;
mod table;

use std::collections::BTreeMap;

pub(crate) use api::{Api, Cors, IdentitySource, METHODS, PathPart, Route, RouteKey};
pub(crate) use document::document;
pub(crate) use function::FunctionSpec;
use node::{Entry, Node};
use resolve::Resolver;
pub(crate) use table::TableSpec;

/// What is wrong with the template, and at which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TemplateError {
    /// The line, counted from 1.
    pub line: usize,
    /// One sentence for the person who wrote the line.
    pub problem: String,
}

/// The resolved template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) functions: Vec<FunctionSpec>,
    pub(crate) tables: Vec<TableSpec>,
    pub(crate) api: Api,
    /// The parameters with their defaults and overrides.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Template {
    /// Reads and resolves a template; `endpoint` is the API's own URL.
    pub(crate) fn parse(
        text: &str,
        overrides: &BTreeMap<String, String>,
        endpoint: &str,
    ) -> Result<Self, TemplateError> {
        let root = node::parse(text)?;
        reference::check(&root)?;
        let resolver = Resolver::new(&root, overrides, endpoint)?;
        rule::check(&root, &resolver)?;
        let resources = resources(&root, &resolver)?;
        let functions = function::read(&root, &resources, &resolver)?;
        Ok(Self {
            tables: table::read(&resources, &resolver)?,
            api: api::read(&resources, &functions, &resolver)?,
            parameters: resolver.parameters_as_text(),
            functions,
        })
    }
}

/// One resource whose condition holds.
struct Resource<'a> {
    id: &'a str,
    kind: &'a str,
    line: usize,
    properties: Option<&'a Node>,
}

fn resources<'a>(root: &'a Node, resolver: &Resolver) -> Result<Vec<Resource<'a>>, TemplateError> {
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

#[cfg(test)]
mod tests;
