//! The table of signing keys: one item, `jwks`, with public keys only.

use aws_sdk_dynamodb::Client;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::key::PublishedKeys;
use serde::Deserialize;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{encode, names, number, pk, text, values};
use crate::dynamodb::table::Table;
use crate::keys::error::KeyStoreError;

/// The table of signing keys.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    table: Table,
}

impl SigningKeys {
    /// Opens the table of that name; nothing connects yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        let table = Table::new(client, table);
        Self { table }
    }

    /// Reads the published keys, consistently. There are none before the first rotation.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn published(&self) -> Result<Option<PublishedKeys>, StoreError> {
        let key = ItemKey::published_keys();
        let item = self.table.get(pk(&key)).await?;
        item.map(|item| self.table.decode(key.as_str(), item))
            .transpose()
    }

    /// Reads the floor under the key ring, consistently, and nothing else of the item.
    ///
    /// # Errors
    /// [`KeyStoreError::NotReady`] if nothing is published: then nothing may be signed.
    /// [`KeyStoreError::Store`] if the call fails or the floor is corrupt.
    pub async fn floor(&self) -> Result<u64, KeyStoreError> {
        let key = ItemKey::published_keys();
        let item = self.table.get(pk(&key)).await?;
        let item = item.ok_or(KeyStoreError::NotReady)?;
        let Floor { floor } = self.table.decode(key.as_str(), item)?;
        Ok(floor)
    }

    /// Publishes keys in place of those of `expected_version`, or, without one, as the
    /// first keys. Returns false, and writes nothing, if the table has other keys.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn publish(
        &self,
        keys: &PublishedKeys,
        expected_version: Option<u64>,
    ) -> Result<bool, StoreError> {
        let mut item = encode("PutItem", keys)?;
        item.insert("pk".to_owned(), text(ItemKey::published_keys()));
        let put = self.table.put(item, |put| match expected_version {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(["version"])))
                .set_expression_attribute_values(Some(values([("version", number(version))]))),
        });
        Ok(put.await?.is_done())
    }
}

/// The part of the item that a signer reads.
#[derive(Deserialize)]
struct Floor {
    /// Absent from items of a release without floors.
    #[serde(default)]
    floor: u64,
}
