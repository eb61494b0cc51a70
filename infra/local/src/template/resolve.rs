//! Resolves parameters, conditions, pseudo parameters and functions to their values
//! in the local stack.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::compute::{compute, truth};
use super::error::TemplateError;
use super::node::{Entry, Node, Value};
use super::parameter;
use super::physical::{binary_name, queue_name, table_name};
use super::substitution::{self, Piece};
use crate::aws::{ACCOUNT, REGION, arn, queue_url};

/// The names that a template can refer to, with their local values.
pub(super) struct Resolver<'a> {
    parameters: BTreeMap<&'a str, Value>,
    conditions: BTreeMap<&'a str, &'a Node>,
    resources: BTreeMap<&'a str, &'a Node>,
    endpoint: &'a str,
    /// Detects conditions and names that refer to themselves.
    depth: Cell<u32>,
}

/// Far above the nesting of references in any valid template.
const MAX_DEPTH: u32 = 200;

/// The name of the stack.
const STACK: &str = "gatehouse-local";

impl<'a> Resolver<'a> {
    /// Takes each parameter from `overrides`, or else its default.
    pub(super) fn new(
        root: &'a Node,
        overrides: &BTreeMap<String, String>,
        endpoint: &'a str,
    ) -> Result<Self, TemplateError> {
        let declared = root.section("Parameters")?;
        let names = declared.iter().map(|entry| entry.key.as_str());
        for name in overrides.keys() {
            if !names.clone().any(|known| known == name) {
                return Err(root.error(unknown(name, names)));
            }
        }
        let mut parameters = BTreeMap::new();
        for entry in declared {
            let value = parameter::value(entry, overrides.get(&entry.key))?;
            parameters.insert(entry.key.as_str(), value);
        }
        let by_name = |section| -> Result<BTreeMap<&'a str, &'a Node>, TemplateError> {
            let entries = root.section(section)?.iter();
            Ok(entries.map(|e| (e.key.as_str(), &e.value)).collect())
        };
        Ok(Self {
            parameters,
            conditions: by_name("Conditions")?,
            resources: by_name("Resources")?,
            endpoint,
            depth: Cell::new(0),
        })
    }

    /// Whether the API is served on this machine, and the template not just checked.
    pub(super) fn is_local(&self) -> bool {
        self.endpoint.starts_with("http://localhost:")
    }

    /// Returns the value of every parameter; commas separate the items of lists.
    pub(super) fn parameters_as_text(&self) -> BTreeMap<String, String> {
        let text = |(name, value): (&&str, &Value)| match value {
            Value::Text(text) => Some(((*name).to_owned(), text.clone())),
            Value::List(items) => {
                let items: Result<Vec<&str>, _> = items.iter().map(Node::text).collect();
                Some(((*name).to_owned(), items.ok()?.join(",")))
            }
            Value::Map(_) | Value::Call(..) => None,
        };
        self.parameters.iter().filter_map(text).collect()
    }

    /// Resolves a value; `None` stands for `AWS::NoValue`.
    pub(super) fn resolve(&self, node: &Node) -> Result<Option<Node>, TemplateError> {
        if self.depth.get() > MAX_DEPTH {
            return Err(node.error("this refers to itself"));
        }
        self.depth.set(self.depth.get() + 1);
        let resolved = self.value(node);
        self.depth.set(self.depth.get() - 1);
        Ok(resolved?.map(|value| Node {
            line: node.line,
            value,
        }))
    }

    /// Resolves a required value.
    pub(super) fn present(&self, node: &Node) -> Result<Node, TemplateError> {
        self.resolve(node)?
            .ok_or_else(|| node.error("AWS::NoValue is not allowed here"))
    }

    /// Evaluates the condition that `node` names.
    pub(super) fn condition(&self, node: &Node) -> Result<bool, TemplateError> {
        let name = node.text()?;
        let condition = self
            .conditions
            .get(name)
            .ok_or_else(|| node.error(format!("the template has no condition {name}")))?;
        self.present(condition)?.flag()
    }

    fn value(&self, node: &Node) -> Result<Option<Value>, TemplateError> {
        match &node.value {
            Value::Text(_) => Ok(Some(node.value.clone())),
            Value::List(items) => {
                let items = items.iter().map(|item| self.resolve(item));
                let kept: Result<Vec<Option<Node>>, _> = items.collect();
                Ok(Some(Value::List(kept?.into_iter().flatten().collect())))
            }
            Value::Map(entries) => {
                let mut kept = Vec::new();
                for Entry { key, line, value } in entries {
                    // `{Condition: Name}` in place of a value is a function, too.
                    if key == "Condition" && entries.len() == 1 {
                        return Ok(Some(self.condition(value).map(truth)?));
                    }
                    if let Some(value) = self.resolve(value)? {
                        kept.push(Entry {
                            key: key.clone(),
                            line: *line,
                            value,
                        });
                    }
                }
                Ok(Some(Value::Map(kept)))
            }
            Value::Call(name, argument) => self.call(name, argument),
        }
    }

    fn call(&self, name: &str, argument: &Node) -> Result<Option<Value>, TemplateError> {
        let text = |text: String| Ok(Some(Value::Text(text)));
        match name {
            "Ref" => self.reference(argument, argument.text()?),
            "GetAtt" => match &argument.value {
                Value::Text(path) => text(self.attribute(argument, path)?),
                Value::List(_) | Value::Map(_) | Value::Call(..) => {
                    text(self.attribute(argument, &argument.texts()?.join("."))?)
                }
            },
            "Sub" => text(self.substitute(argument)?),
            "If" => match argument.items()? {
                [condition, then, otherwise] => {
                    let holds = self.condition(condition)?;
                    let chosen = self.resolve(if holds { then } else { otherwise })?;
                    Ok(chosen.map(|node| node.value))
                }
                _ => Err(argument.error("!If needs a condition and two values")),
            },
            "Condition" => Ok(Some(truth(self.condition(argument)?))),
            "Join" | "Split" | "Select" | "Equals" | "Not" | "And" | "Or" | "Contains"
            | "EachMemberEquals" | "EachMemberIn" => {
                let argument = self.present(argument)?;
                compute(name, &argument).map(Some)
            }
            _ => Err(argument.error(format!("the local stack does not support !{name}"))),
        }
    }

    fn reference(&self, at: &Node, name: &str) -> Result<Option<Value>, TemplateError> {
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => STACK.to_owned(),
            _ => match self.parameters.get(name) {
                Some(value) => return Ok(Some(value.clone())),
                None if self.resources.contains_key(name) => self.physical_id(at, name)?,
                None => {
                    let problem = format!("the template has no parameter or resource {name}");
                    return Err(at.error(problem));
                }
            },
        };
        Ok(Some(Value::Text(text)))
    }

    /// Returns the value of `!Ref` for a resource.
    fn physical_id(&self, at: &Node, id: &str) -> Result<String, TemplateError> {
        let (kind, resource) = self.resource(at, id)?;
        match kind {
            "AWS::Serverless::Function" => {
                let properties = resource.required("Properties")?;
                binary_name(&self.present(properties.required("CodeUri")?)?)
            }
            "AWS::DynamoDB::Table" => Ok(table_name(id)),
            "AWS::SQS::Queue" => Ok(queue_url(self.endpoint, &queue_name(id))),
            "AWS::SecretsManager::Secret" => Ok(arn("secretsmanager", &format!("secret:{id}"))),
            _ => Ok(id.to_owned()),
        }
    }

    fn attribute(&self, at: &Node, path: &str) -> Result<String, TemplateError> {
        let (id, attribute) = path
            .split_once('.')
            .ok_or_else(|| at.error("!GetAtt needs a resource and an attribute"))?;
        let (kind, _) = self.resource(at, id)?;
        let name = self.physical_id(at, id)?;
        match (kind, attribute) {
            ("AWS::Serverless::Function", "Arn") => Ok(arn("lambda", &format!("function:{name}"))),
            ("AWS::DynamoDB::Table", "Arn") => Ok(arn("dynamodb", &format!("table/{name}"))),
            ("AWS::DynamoDB::Table", "StreamArn") => {
                Ok(arn("dynamodb", &format!("table/{name}/stream/local")))
            }
            ("AWS::SQS::Queue", "Arn") => Ok(arn("sqs", &queue_name(id))),
            ("AWS::SQS::Queue", "QueueName") => Ok(queue_name(id)),
            ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => Ok(self.endpoint.to_owned()),
            // A secret's id is its ARN.
            ("AWS::ApiGatewayV2::Api", "ApiId") | ("AWS::SecretsManager::Secret", "Id") => Ok(name),
            _ => Err(at.error(format!(
                "the local stack does not support the attribute {attribute} of {id}"
            ))),
        }
    }

    fn resource(&self, at: &Node, id: &str) -> Result<(&'a str, &'a Node), TemplateError> {
        let resource = self
            .resources
            .get(id)
            .ok_or_else(|| at.error(format!("the template has no resource {id}")))?;
        Ok((resource.required("Type")?.text()?, resource))
    }

    fn substitute(&self, argument: &Node) -> Result<String, TemplateError> {
        let (text, own) = substitution::parts(argument)?;
        let mut result = String::new();
        for piece in substitution::pieces(text) {
            match piece {
                Piece::Literal(literal) => result.push_str(literal),
                Piece::Escaped(name) => result.extend(["${", name, "}"]),
                Piece::Name(name) => {
                    if let Some(entry) = own.iter().find(|entry| entry.key == name) {
                        result.push_str(self.present(&entry.value)?.text()?);
                    } else if name.contains('.') {
                        result.push_str(&self.attribute(argument, name)?);
                    } else if let Some(value) = self.reference(argument, name)? {
                        let line = argument.line;
                        result.push_str(Node { line, value }.text()?);
                    }
                }
            }
        }
        Ok(result)
    }
}

/// Reports an unknown parameter, and suggests the one that was probably meant.
fn unknown<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let likeness =
        |known: &str| strsim::jaro_winkler(&known.to_ascii_lowercase(), &name.to_ascii_lowercase());
    let near = known.map(|known| (likeness(known), known));
    let near = near.filter(|(likeness, _)| *likeness > 0.8);
    let nearest = near.max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = nearest.map_or_else(String::new, |(_, known)| format!(": did you mean {known}?"));
    format!("the template has no parameter {name}{hint}")
}
