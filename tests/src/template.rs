//! `infra/template.yaml` as it is written, for tests that check its rules.

use std::path::Path;

use serde_json::Value;

use crate::binaries::root;

/// A template, unresolved: `{"Ref": …}`, `{"Fn::GetAtt": …}`, scalars as strings.
#[derive(Debug)]
pub struct Template(Value);

impl Template {
    /// Reads the project's template.
    ///
    /// # Errors
    /// If it cannot be read or is not YAML.
    pub fn read() -> anyhow::Result<Self> {
        Self::read_from(&root().join("infra/template.yaml"))
    }

    /// Reads another template.
    ///
    /// # Errors
    /// If it cannot be read or is not YAML.
    pub fn read_from(file: &Path) -> anyhow::Result<Self> {
        Ok(Self(gatehouse_local::template_document(file)?))
    }

    /// Returns the members of a section: `Parameters`, `Outputs`.
    #[must_use]
    pub fn section(&self, name: &str) -> Vec<(&str, &Value)> {
        members(self.0.get(name))
    }

    /// Returns the resources of a kind, such as `AWS::DynamoDB::Table`.
    #[must_use]
    pub fn resources(&self, kind: &str) -> Vec<(&str, &Value)> {
        let mut resources = self.section("Resources");
        resources.retain(|(_, resource)| text(resource, "/Type") == kind);
        resources
    }

    /// Returns the logical id of the function whose binary has that name.
    #[must_use]
    pub fn function_of(&self, binary: &str) -> Option<&str> {
        let functions = self.resources("AWS::Serverless::Function");
        let found = functions
            .into_iter()
            .find(|(_, function)| binary_name(function) == binary);
        found.map(|(id, _)| id)
    }

    /// Returns the properties of a resource by its logical id; null if there is none.
    #[must_use]
    pub fn properties(&self, id: &str) -> &Value {
        let path = format!("/Resources/{id}/Properties");
        self.0.pointer(&path).unwrap_or(&Value::Null)
    }
}

/// Returns the name of a function's binary: the last part of its `CodeUri`.
#[must_use]
pub fn binary_name(function: &Value) -> &str {
    let uri = text(function, "/Properties/CodeUri");
    uri.rsplit('/').next().unwrap_or_default()
}

/// Returns the string at a JSON pointer; empty if there is none.
#[must_use]
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Returns the members of an object; none if it is not one.
#[must_use]
pub fn members(value: Option<&Value>) -> Vec<(&str, &Value)> {
    let map = value.and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

/// Returns a list's items; any other value is a list of one.
#[must_use]
pub fn items(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => vec![],
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}

/// Returns what a role may do: an action and its resource, as a logical id,
/// `TABLE/index/INDEX` for an index, or as it is written.
#[must_use]
pub fn grants(role: &Value) -> Vec<(String, String)> {
    let mut grants = Vec::new();
    for statement in statements(role) {
        for action in items(statement.get("Action")) {
            for resource in items(statement.get("Resource")) {
                grants.push((text(action, "").to_owned(), resource_name(resource)));
            }
        }
    }
    grants
}

/// Returns the statements of a role or of a policy.
#[must_use]
pub fn statements(properties: &Value) -> Vec<&Value> {
    let inline = items(properties.get("Policies"));
    inline
        .into_iter()
        .chain([properties])
        .flat_map(|policy| items(policy.pointer("/PolicyDocument/Statement")))
        .collect()
}

fn resource_name(resource: &Value) -> String {
    let index = || {
        let written = resource.get("Fn::Sub")?.as_str()?;
        let (table, index) = written.strip_prefix("${")?.split_once(".Arn}/index/")?;
        Some(format!("{table}/index/{index}"))
    };
    let table = named(resource).map(str::to_owned);
    table.or_else(index).unwrap_or_else(|| resource.to_string())
}

/// Returns the logical id that `!Ref X` or `!GetAtt X.Arn` names.
#[must_use]
pub fn named(value: &Value) -> Option<&str> {
    let whole = value.get("Ref").or_else(|| value.get("Fn::GetAtt"))?;
    whole.as_str()?.split('.').next()
}
