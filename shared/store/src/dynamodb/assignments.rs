//! The attributes that an update sets and removes, with their placeholders.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::item::Item;

/// The attributes that an update sets and removes.
#[derive(Debug, Default)]
pub(crate) struct Assignments {
    set: Vec<String>,
    removed: Vec<String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Assignments {
    /// Sets an attribute. Its placeholders are `#NAME` and `:NAME`.
    pub(crate) fn set(&mut self, attribute: &str, value: AttributeValue) {
        self.name(attribute);
        self.set.push(format!("#{attribute} = :{attribute}"));
        self.values.insert(format!(":{attribute}"), value);
    }

    /// Removes an attribute, if the item has it.
    pub(crate) fn remove(&mut self, attribute: &str) {
        self.name(attribute);
        self.removed.push(format!("#{attribute}"));
    }

    /// Sets an attribute, or removes it if there is no value.
    pub(crate) fn put(&mut self, attribute: &str, value: Option<AttributeValue>) {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove(attribute),
        }
    }

    /// Adds the placeholder of an attribute that only the condition names.
    pub(crate) fn name(&mut self, attribute: &str) {
        self.names
            .insert(format!("#{attribute}"), attribute.to_owned());
    }

    /// Returns the update expression.
    pub(crate) fn expression(&self) -> String {
        let mut parts = Vec::new();
        if !self.set.is_empty() {
            parts.push(format!("SET {}", self.set.join(", ")));
        }
        if !self.removed.is_empty() {
            parts.push(format!("REMOVE {}", self.removed.join(", ")));
        }
        parts.join(" ")
    }
}
