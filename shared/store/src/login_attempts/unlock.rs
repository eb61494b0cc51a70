//! Clearing the failed logins of an identifier.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use gatehouse_auth::item_key::ItemKey;

use super::LoginAttempts;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, key, pk};
use crate::dynamodb::table::{Scan, Write};

impl LoginAttempts {
    /// Deletes the counters of an identifier: its own, and those of its pairs with an
    /// address. Counters of addresses stay, since other people share them. Returns the
    /// number of counters deleted.
    ///
    /// The addresses of the pairs are not known, so it scans the whole table: use it in
    /// the command, not in a request.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails. What was deleted stays deleted; the same call again
    /// deletes the rest.
    pub async fn unlock(&self, digest: &str) -> Result<usize, StoreError> {
        let own = pk(&ItemKey::identifier_attempts(digest));
        let mut removed = usize::from(self.delete_existing(own).await?);
        let prefix = ItemKey::pair_attempts_prefix(digest);
        let mut start = None;
        loop {
            let scan = Scan {
                prefix: &prefix,
                attributes: &["pk"],
                start,
                ..Scan::default()
            };
            let page = self.table.scan(scan).await?;
            for item in page.items {
                let Some(AttributeValue::S(pair)) = item.get("pk") else {
                    continue;
                };
                removed += usize::from(self.delete_existing(key("pk", pair)).await?);
            }
            start = page.next;
            if start.is_none() {
                return Ok(removed);
            }
        }
    }

    /// Deletes an item; returns false if it did not exist.
    async fn delete_existing(&self, key: Item) -> Result<bool, StoreError> {
        let delete = self
            .table
            .delete(key, |delete| delete.return_values(ReturnValue::AllOld));
        Ok(matches!(delete.await?, Write::Done(old) if !old.is_empty()))
    }
}
