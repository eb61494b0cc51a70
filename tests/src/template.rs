//! `infra/template.yaml` as it is written, for tests that check its rules.

use std::path::Path;

use serde_json::Value;

use crate::binaries::root;
use crate::call::SES;

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

/// Returns the value with mail, if it depends on that; otherwise the value itself.
#[must_use]
pub fn with_mail(value: &Value) -> &Value {
    match items(value.get("Fn::If")).as_slice() {
        [condition, with, _] if *condition == "HasMail" => with,
        _ => value,
    }
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

/// Returns what a function may do with its role: an action and its resource, as a logical id,
/// `TABLE/index/INDEX` for an index, [`SES`], or as it is written.
///
/// It leaves out what only Lambda does with the role ([`READ_BY_LAMBDA`]).
#[must_use]
pub fn grants(role: &Value) -> Vec<(String, String)> {
    let mut grants = Vec::new();
    for statement in statements(role) {
        if text(statement, "/Sid") == READ_BY_LAMBDA {
            continue;
        }
        for action in items(statement.get("Action")) {
            let action = text(action, "");
            for resource in items(statement.get("Resource")) {
                let resource = if action.starts_with("ses:") {
                    SES.to_owned()
                } else {
                    resource_name(resource)
                };
                grants.push((action.to_owned(), resource));
            }
        }
    }
    grants
}

/// The statement with what Lambda itself needs to read a function's stream and queue.
pub const READ_BY_LAMBDA: &str = "ReadByLambda";

/// Returns the statements of a role or of a policy, including those that only exist with a
/// condition.
#[must_use]
pub fn statements(properties: &Value) -> Vec<&Value> {
    let inline = items(properties.get("Policies"));
    inline
        .into_iter()
        .chain([properties])
        .flat_map(|policy| items(policy.pointer("/PolicyDocument/Statement")))
        .flat_map(branches)
        .collect()
}

/// Returns the two values of an `!If`, without `AWS::NoValue`; any other value is its own only
/// one.
fn branches(value: &Value) -> Vec<&Value> {
    let Some(branches) = value.get("Fn::If").and_then(Value::as_array) else {
        return vec![value];
    };
    let values = branches.iter().skip(1);
    values
        .filter(|value| value.get("Ref") != Some(&"AWS::NoValue".into()))
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

/// Returns the logical id that `!Ref X` or `!GetAtt X.Arn` names, also if a condition can leave
/// it out: `!If [HasX, !Ref X, ""]`.
#[must_use]
pub fn named(value: &Value) -> Option<&str> {
    if value.get("Fn::If").is_some() {
        let mut branches = branches(value);
        branches.retain(|branch| *branch != "");
        return match branches.as_slice() {
            [only] => named(only),
            _ => None,
        };
    }
    let whole = value.get("Ref").or_else(|| value.get("Fn::GetAtt"))?;
    whole.as_str()?.split('.').next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_condition_can_leave_out_is_read_as_if_it_were_there() {
        let table = json!({ "Fn::If": ["HasMail", { "Ref": "OutboxTable" }, ""] });
        assert_eq!(named(&table), Some("OutboxTable"));
        let role =
            json!({ "Fn::If": ["HasMail", { "Ref": "MailerRole" }, { "Ref": "AWS::NoValue" }] });
        assert_eq!(named(&role), Some("MailerRole"));
        let either = json!({ "Fn::If": ["HasIssuer", { "Ref": "Issuer" }, { "Ref": "Other" }] });
        assert_eq!(named(&either), None);

        let put = json!({ "Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": { "Fn::GetAtt": "OutboxTable.Arn" } });
        let conditional = json!({ "Fn::If": ["HasMail", put, { "Ref": "AWS::NoValue" }] });
        let role = json!({ "Policies": [{ "PolicyDocument": { "Statement": [conditional] } }] });
        assert_eq!(statements(&role), [&put]);
        let granted = [("dynamodb:PutItem".to_owned(), "OutboxTable".to_owned())];
        assert_eq!(grants(&role), granted);
        let read =
            json!({ "Sid": READ_BY_LAMBDA, "Action": ["sqs:ReceiveMessage"], "Resource": "x" });
        let send = json!({ "Action": ["ses:SendEmail"], "Resource": "arn:aws:ses:::identity/*" });
        let role = json!({ "PolicyDocument": { "Statement": [read, send] } });
        let granted = [("ses:SendEmail".to_owned(), SES.to_owned())];
        assert_eq!(grants(&role), granted);
    }
}
