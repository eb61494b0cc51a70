//! Emptying the lanes of a user.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;

use super::LoginAttempts;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, key, pk};
use crate::dynamodb::table::{Scan, Write};

impl LoginAttempts {
    /// Empties the lanes of an identifier: its own, and those of its pairs with a network.
    /// Its known networks stay known, or strangers could lock the owner out of them at
    /// once; the lanes of addresses stay, since other people share them. Returns the number
    /// of lanes emptied.
    ///
    /// The networks of the pairs are not known, so it scans the whole table: use it in
    /// the command, not in a request.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails. What was emptied stays empty; the same call again
    /// empties the rest.
    pub async fn unlock(&self, digest: &str) -> Result<usize, StoreError> {
        let own = pk(&ItemKey::identifier_attempts(digest));
        let emptied = self.table.update(own, |update| {
            update
                .condition_expression("attribute_exists(tat)")
                .update_expression("REMOVE tat, res")
        });
        let mut emptied = usize::from(emptied.await?.is_done());
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
                emptied += usize::from(self.delete_existing(key("pk", pair)).await?);
            }
            start = page.next;
            if start.is_none() {
                return Ok(emptied);
            }
        }
    }

    /// Empties the lane in which a logged-in user confirms the password. Returns the number
    /// of lanes emptied.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn unlock_subject(&self, sub: &SubjectId) -> Result<usize, StoreError> {
        let deleted = self.delete_existing(pk(&ItemKey::user_attempts(sub)));
        deleted.await.map(usize::from)
    }

    /// Deletes an item; returns false if it did not exist.
    async fn delete_existing(&self, key: Item) -> Result<bool, StoreError> {
        let delete = self
            .table
            .delete(key, |delete| delete.return_values(ReturnValue::AllOld));
        Ok(matches!(delete.await?, Write::Done(old) if !old.is_empty()))
    }
}
