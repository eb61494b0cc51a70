//! Looks at the whole template, the parts that the local stack ignores too:
//! every name that is referred to must exist.

use std::collections::BTreeSet;

use super::error::TemplateError;
use super::node::{Entry, Node, Value};
use super::substitution;

/// Checks every reference of the template.
pub(super) fn check(root: &Node) -> Result<(), TemplateError> {
    let names = |section| -> Result<BTreeSet<&str>, TemplateError> {
        let entries = root.section(section)?;
        Ok(entries.iter().map(|entry| entry.key.as_str()).collect())
    };
    let known = Known {
        parameters: names("Parameters")?,
        conditions: names("Conditions")?,
        resources: names("Resources")?,
    };
    for section in ["Rules", "Conditions", "Globals", "Resources", "Outputs"] {
        for entry in root.section(section)? {
            known.walk(&entry.value)?;
            known.attributes(entry)?;
        }
    }
    Ok(())
}

struct Known<'a> {
    parameters: BTreeSet<&'a str>,
    conditions: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
}

impl Known<'_> {
    fn walk(&self, node: &Node) -> Result<(), TemplateError> {
        match &node.value {
            Value::Text(_) => Ok(()),
            Value::List(items) => items.iter().try_for_each(|item| self.walk(item)),
            Value::Map(entries) => entries.iter().try_for_each(|entry| self.walk(&entry.value)),
            Value::Call(name, argument) => self.call(name, argument),
        }
    }

    fn call(&self, name: &str, argument: &Node) -> Result<(), TemplateError> {
        match name {
            "Ref" => self.value(argument, argument.text()?),
            "GetAtt" => match &argument.value {
                Value::Text(path) => self.resource(argument, path),
                Value::List(_) | Value::Map(_) | Value::Call(..) => {
                    let first = argument.items()?.first();
                    first.map_or(Ok(()), |id| self.resource(id, id.text()?))
                }
            },
            "Sub" => self.substitution(argument),
            "Condition" => self.condition(argument),
            "If" => {
                if let Some(condition) = argument.items()?.first() {
                    self.condition(condition)?;
                }
                self.walk(argument)
            }
            name if FUNCTIONS.contains(&name) => self.walk(argument),
            _ => Err(argument.error(format!("!{name} is no function of CloudFormation"))),
        }
    }

    fn substitution(&self, argument: &Node) -> Result<(), TemplateError> {
        let (text, own) = substitution::parts(argument)?;
        for entry in own {
            self.walk(&entry.value)?;
        }
        for name in substitution::names(text) {
            if own.iter().any(|entry| entry.key == name) {
                continue;
            }
            if name.contains('.') {
                self.resource(argument, name)?;
            } else {
                self.value(argument, name)?;
            }
        }
        Ok(())
    }

    /// The attributes of a resource or output that name others.
    fn attributes(&self, entry: &Entry) -> Result<(), TemplateError> {
        if let Some(condition) = entry.value.get("Condition") {
            self.condition(condition)?;
        }
        match entry.value.get("DependsOn") {
            None => Ok(()),
            Some(
                one @ Node {
                    value: Value::Text(id),
                    ..
                },
            ) => self.resource(one, id),
            Some(several) => several
                .items()?
                .iter()
                .try_for_each(|id| self.resource(id, id.text()?)),
        }
    }

    fn value(&self, at: &Node, name: &str) -> Result<(), TemplateError> {
        let known = name.starts_with("AWS::")
            || self.parameters.contains(name)
            || self.resources.contains(name);
        refuse_unless(known, at, name, "parameter or resource")
    }

    fn resource(&self, at: &Node, path: &str) -> Result<(), TemplateError> {
        let id = path.split('.').next().unwrap_or(path);
        refuse_unless(self.resources.contains(id), at, id, "resource")
    }

    fn condition(&self, at: &Node) -> Result<(), TemplateError> {
        let name = at.text()?;
        refuse_unless(self.conditions.contains(name), at, name, "condition")
    }
}

fn refuse_unless(known: bool, at: &Node, name: &str, what: &str) -> Result<(), TemplateError> {
    if known {
        return Ok(());
    }
    Err(at.error(format!("there is no {what} {name} in the template")))
}

/// The functions whose arguments need no look of their own here.
const FUNCTIONS: [&str; 17] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "ToJsonString",
];
