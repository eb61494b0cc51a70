//! Reads and deletions of several items in one call: complete, or an error.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, WriteRequest};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use gatehouse_auth::item_key::ItemKey;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk};
use crate::dynamodb::retry::Retries;
use crate::dynamodb::table::Table;

const READ: &str = "BatchGetItem";
const WRITE: &str = "BatchWriteItem";
/// DynamoDB reads no more keys in one call.
const MAX_KEYS: usize = 100;
/// DynamoDB deletes no more keys in one call.
const MAX_DELETES: usize = 25;
/// Deletions at a time. More throttle a table that is on demand and was idle.
const MAX_PARALLEL: usize = 4;

/// Reads items of several tables, consistently; returns those that exist, by table in
/// the order of `tables`.
///
/// # Errors
/// [`StoreError::Incomplete`] if keys stay unprocessed after bounded retries: an
/// item that was not read is not an item that does not exist.
pub(crate) async fn get<const N: usize>(
    client: &Client,
    tables: [(&Table, Vec<ItemKey>); N],
) -> Result<[Vec<Item>; N], StoreError> {
    let names = tables.each_ref().map(|(table, _)| table.name());
    let pending = tables
        .iter()
        .map(|(table, keys)| {
            let keys = keys.iter().map(pk).collect();
            Ok((table.name().to_owned(), consistent(keys)?))
        })
        .collect::<Result<_, StoreError>>()?;
    let mut found = read(client, pending).await?;
    Ok(names.map(|name| found.remove(name).unwrap_or_default()))
}

impl Table {
    /// Reads several items, consistently; returns those that exist.
    ///
    /// # Errors
    /// As [`get`].
    pub(crate) async fn get_each(&self, keys: &[Item]) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for keys in keys.chunks(MAX_KEYS) {
            let pending = HashMap::from([(self.name().to_owned(), consistent(keys.to_vec())?)]);
            let found = read(self.client(), pending).await?;
            items.extend(found.into_values().flatten());
        }
        Ok(items)
    }

    /// Deletes several items; one that does not exist is no error.
    ///
    /// # Errors
    /// [`StoreError::Incomplete`] if keys stay unprocessed after bounded retries.
    pub(crate) async fn delete_each(&self, keys: &[Item]) -> Result<(), StoreError> {
        let batches: Vec<Vec<Item>> = keys.chunks(MAX_DELETES).map(<[_]>::to_vec).collect();
        stream::iter(batches)
            .map(|keys| self.delete_batch(keys))
            .buffer_unordered(MAX_PARALLEL)
            .try_collect()
            .await
    }

    async fn delete_batch(&self, keys: Vec<Item>) -> Result<(), StoreError> {
        let mut pending: Vec<WriteRequest> = keys
            .into_iter()
            .map(|key| {
                let delete = DeleteRequest::builder().set_key(Some(key)).build();
                let delete = delete.map_err(|error| StoreError::rejected(WRITE, error))?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            })
            .collect::<Result<_, StoreError>>()?;
        let mut retries = Retries::default();
        while !pending.is_empty() {
            let written = self
                .client()
                .batch_write_item()
                .request_items(self.name(), pending)
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(WRITE, error))?;
            let mut left = written.unprocessed_items.unwrap_or_default();
            pending = left.remove(self.name()).unwrap_or_default();
            if !pending.is_empty() && !retries.wait().await {
                return Err(StoreError::Incomplete { operation: WRITE });
            }
        }
        Ok(())
    }
}

async fn read(
    client: &Client,
    mut pending: HashMap<String, KeysAndAttributes>,
) -> Result<HashMap<String, Vec<Item>>, StoreError> {
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    let mut retries = Retries::default();
    loop {
        let response = client
            .batch_get_item()
            .set_request_items(Some(pending))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(READ, error))?;
        for (table, items) in response.responses.unwrap_or_default() {
            found.entry(table).or_default().extend(items);
        }
        pending = response.unprocessed_keys.unwrap_or_default();
        if pending.is_empty() {
            return Ok(found);
        }
        if !retries.wait().await {
            return Err(StoreError::Incomplete { operation: READ });
        }
    }
}

fn consistent(keys: Vec<Item>) -> Result<KeysAndAttributes, StoreError> {
    KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(true)
        .build()
        .map_err(|error| StoreError::rejected(READ, error))
}
