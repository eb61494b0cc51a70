//! The table of signing keys: one item, `jwks`, public keys alone.

use aws_sdk_dynamodb::Client;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::key::PublishedKeys;

use crate::dynamodb::error::{StoreError, written};
use crate::dynamodb::item::{decode, encode, names, number, pk, text, values};

/// The table of signing keys.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    client: Client,
    table: String,
}

impl SigningKeys {
    /// Names the table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads the published keys, consistently; none before the first rotation.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn published(&self) -> Result<Option<PublishedKeys>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(pk(&ItemKey::published_keys())))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::of("GetItem", error))?;
        answer
            .item
            .map(|item| decode(&self.table, ItemKey::published_keys().as_str(), item))
            .transpose()
    }

    /// Publishes keys in place of those of `expected_version`, or where there are
    /// none. Returns false, and writes nothing, if that is not what is there.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn publish(
        &self,
        keys: &PublishedKeys,
        expected_version: Option<u64>,
    ) -> Result<bool, StoreError> {
        let mut item = encode("PutItem", keys)?;
        item.insert("pk".to_owned(), text(ItemKey::published_keys()));
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        let put = match expected_version {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(["version"])))
                .set_expression_attribute_values(Some(values([("version", number(version))]))),
        };
        written("PutItem", put.send().await)
    }
}
