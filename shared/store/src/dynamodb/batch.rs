//! Reads and deletions of several keys in one call, complete or an error.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, WriteRequest};
use gatehouse_auth::item_key::ItemKey;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk};
use crate::dynamodb::retry::Retries;

/// Reads `keys` of attribute `pk` from each table; returns what exists, by table.
///
/// # Errors
/// [`StoreError::Incomplete`] if keys stay unprocessed after bounded retries: an
/// item that was not read is not an item that does not exist.
pub(crate) async fn get(
    client: &Client,
    tables: impl IntoIterator<Item = (&str, Vec<ItemKey>)>,
) -> Result<HashMap<String, Vec<Item>>, StoreError> {
    let pending = tables
        .into_iter()
        .map(|(table, keys)| {
            let keys = keys.iter().map(pk).collect();
            Ok((table.to_owned(), consistent(keys)?))
        })
        .collect::<Result<_, StoreError>>()?;
    read(client, pending).await
}

/// Reads `keys` of one table, whatever its key is called; returns what exists.
///
/// # Errors
/// As [`get`]; DynamoDB takes 100 keys.
pub(crate) async fn get_keys(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
) -> Result<Vec<Item>, StoreError> {
    let pending = HashMap::from([(table.to_owned(), consistent(keys)?)]);
    Ok(read(client, pending)
        .await?
        .remove(table)
        .unwrap_or_default())
}

/// Deletes `keys` of one table, 25 in a call; what is gone already is no error.
///
/// # Errors
/// [`StoreError::Incomplete`] if keys stay unprocessed after bounded retries.
pub(crate) async fn delete(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
) -> Result<(), StoreError> {
    for chunk in keys.chunks(MAX_DELETES) {
        let mut pending: Vec<WriteRequest> = chunk
            .iter()
            .map(|key| {
                let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
                let delete = delete.map_err(|error| StoreError::rejected(WRITE, error))?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            })
            .collect::<Result<_, StoreError>>()?;
        let mut retries = Retries::default();
        while !pending.is_empty() {
            let answer = client
                .batch_write_item()
                .request_items(table, pending)
                .send()
                .await
                .map_err(|error| StoreError::of(WRITE, error))?;
            let mut left = answer.unprocessed_items.unwrap_or_default();
            pending = left.remove(table).unwrap_or_default();
            if !pending.is_empty() && !retries.wait().await {
                return Err(StoreError::Incomplete { operation: WRITE });
            }
        }
    }
    Ok(())
}

async fn read(
    client: &Client,
    mut pending: HashMap<String, KeysAndAttributes>,
) -> Result<HashMap<String, Vec<Item>>, StoreError> {
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

fn consistent(keys: Vec<Item>) -> Result<KeysAndAttributes, StoreError> {
    KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(true)
        .build()
        .map_err(|error| StoreError::rejected(OPERATION, error))
}

const OPERATION: &str = "BatchGetItem";
const WRITE: &str = "BatchWriteItem";
/// DynamoDB takes no more in one call.
const MAX_DELETES: usize = 25;
