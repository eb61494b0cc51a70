//! `meta#admins`: the number of active administrators.
//!
//! It changes in the same transaction as the user, on the condition that it never drops
//! to zero: if several writers race, the last one is refused.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use serde::Deserialize;

use super::Users;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{names, number, pk, values};

#[derive(Deserialize)]
struct Count {
    count: u64,
}

impl Users {
    /// True if nobody could administer the service without this user.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn is_last_admin(&self, user: &User) -> Result<bool, StoreError> {
        if !user.is_active_admin() {
            return Ok(false);
        }
        let key = ItemKey::admins();
        let item = self.table().get(pk(&key)).await?;
        let count: Option<Count> = item
            .map(|item| self.table().decode(key.as_str(), item))
            .transpose()?;
        Ok(count.is_none_or(|Count { count }| count <= 1))
    }

    /// Builds the part of a transaction that adjusts the number when a user changes;
    /// nothing if the number stays the same. `None` is a user who does not exist.
    ///
    /// Its condition fails only for the last active administrator.
    pub(crate) fn admins_part(
        &self,
        before: Option<&User>,
        after: Option<&User>,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let counts = |user: Option<&User>| user.is_some_and(User::is_active_admin);
        let (was, is) = (counts(before), counts(after));
        if was == is {
            return Ok(None);
        }
        let part = self.table().update_part(pk(&ItemKey::admins()), |update| {
            let update = update
                .set_expression_attribute_names(Some(names(["count"])))
                .set_expression_attribute_values(Some(values([("one", number(1))])));
            if is {
                update.update_expression("ADD #count :one")
            } else {
                update
                    .condition_expression("#count > :one")
                    .update_expression("SET #count = #count - :one")
            }
        });
        part.map(Some)
    }
}
