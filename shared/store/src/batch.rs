//! Consistent reads of several keys in one call, complete or an error.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::error::StoreError;
use crate::item::{Item, key};
use crate::retry::Retries;

/// Reads `keys` of attribute `pk` from each table; returns what exists, by table.
///
/// # Errors
/// [`StoreError::Incomplete`] if keys stay unprocessed after bounded retries: an
/// item that was not read is not an item that does not exist.
pub(crate) async fn get(
    client: &Client,
    tables: impl IntoIterator<Item = (&str, Vec<String>)>,
) -> Result<HashMap<String, Vec<Item>>, StoreError> {
    let mut pending: HashMap<String, KeysAndAttributes> = tables
        .into_iter()
        .map(|(table, keys)| Ok((table.to_owned(), consistent(keys)?)))
        .collect::<Result<_, StoreError>>()?;
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    let mut retries = Retries::default();
    loop {
        let answer = client
            .batch_get_item()
            .set_request_items(Some(pending))
            .send()
            .await
            .map_err(|error| StoreError::of(OPERATION, error))?;
        for (table, items) in answer.responses.unwrap_or_default() {
            found.entry(table).or_default().extend(items);
        }
        pending = answer.unprocessed_keys.unwrap_or_default();
        if pending.is_empty() {
            return Ok(found);
        }
        if !retries.wait().await {
            return Err(StoreError::Incomplete {
                operation: OPERATION,
            });
        }
    }
}

fn consistent(keys: Vec<String>) -> Result<KeysAndAttributes, StoreError> {
    KeysAndAttributes::builder()
        .set_keys(Some(
            keys.into_iter().map(|value| key("pk", value)).collect(),
        ))
        .consistent_read(true)
        .build()
        .map_err(|error| StoreError::rejected(OPERATION, error))
}

const OPERATION: &str = "BatchGetItem";
