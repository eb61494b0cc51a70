//! Converting items of a table to Rust structs and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dynamodb::error::{Cause, StoreError};

/// An item as the SDK represents it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Reads a struct from an item. An error names the attribute that is invalid.
pub(super) fn decode<T: DeserializeOwned>(
    table: &str,
    key: &str,
    item: Item,
) -> Result<T, StoreError> {
    let item = serde_dynamo::Item::from(item);
    let whole = serde_dynamo::AttributeValue::M(item.into_inner());
    let deserializer = serde_dynamo::Deserializer::from_attribute_value(whole);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let source = error.into_inner();
        let attribute = if path == "." {
            missing_field(&source.to_string())
        } else {
            path
        };
        corrupt(table, key, &attribute, source)
    })
}

/// Builds the error for an item whose attribute is not what it must be.
pub(super) fn corrupt(
    table: &str,
    key: &str,
    attribute: &str,
    source: impl Into<Cause>,
) -> StoreError {
    StoreError::Corrupt {
        table: table.to_owned(),
        key: key.to_owned(),
        attribute: attribute.to_owned(),
        source: source.into(),
    }
}

/// Builds an item of a struct.
pub(crate) fn encode<T: Serialize>(operation: &'static str, value: T) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(|error| StoreError::rejected(operation, error))
}

/// Builds an attribute of a value.
pub(crate) fn attribute<T: Serialize>(
    operation: &'static str,
    value: T,
) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| StoreError::rejected(operation, error))
}

/// Builds the key of an item that has its [`ItemKey`] as `pk`.
pub(crate) fn pk(value: &ItemKey) -> Item {
    key("pk", value.as_str())
}

/// Builds the key of an item that also has a sort key, `sk`.
pub(crate) fn pk_sk(value: &ItemKey, sk: &str) -> Item {
    let mut key = pk(value);
    key.insert("sk".to_owned(), text(sk));
    key
}

/// Builds a key of one text attribute.
pub(crate) fn key(name: &str, value: impl Into<String>) -> Item {
    HashMap::from([(name.to_owned(), text(value))])
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn moment(value: Timestamp) -> AttributeValue {
    AttributeValue::N(value.unix().to_string())
}

/// Returns a placeholder `#name` for each attribute: some names, such as `status`, are
/// reserved words.
pub(crate) fn names<const N: usize>(attributes: [&str; N]) -> HashMap<String, String> {
    attributes
        .into_iter()
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect()
}

/// Returns the values of an expression, each under `:name`.
pub(crate) fn values<const N: usize>(values: [(&str, AttributeValue); N]) -> Item {
    values
        .into_iter()
        .map(|(name, value)| (format!(":{name}"), value))
        .collect()
}

/// Extracts the name from serde's message for the whole item, "missing field `NAME`".
fn missing_field(message: &str) -> String {
    message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
        .unwrap_or("the whole item")
        .to_owned()
}
