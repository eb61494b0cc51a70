//! `meta#admins`: the number of active administrators, and how many of them must verify an
//! address before they can log in.
//!
//! It changes in the same transaction as the user, on the condition that the first number
//! never drops to zero: if several writers race, the last one is refused.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use serde::Deserialize;

use super::Users;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{names, number, pk, values};

/// The item. One that was written before there was mail has no second number.
#[derive(Deserialize)]
struct Admins {
    count: i64,
    #[serde(default)]
    unverified: i64,
}

impl Users {
    /// True if no active administrator could log in while a verified address is required: one
    /// who must verify theirs does not count. One without a password does, because the code
    /// that sets it needs no mail.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn has_no_verified_admin(&self) -> Result<bool, StoreError> {
        let key = ItemKey::admins();
        let item = self.table().get(pk(&key)).await?;
        let admins: Option<Admins> = item
            .map(|item| self.table().decode(key.as_str(), item))
            .transpose()?;
        Ok(admins.is_none_or(|admins| admins.count <= admins.unverified))
    }

    /// Builds the part of a transaction that adjusts the numbers when a user changes;
    /// nothing if they stay the same. `None` is a user who does not exist.
    ///
    /// Its condition fails only for the last active administrator.
    pub(crate) fn admins_part(
        &self,
        before: Option<&User>,
        after: Option<&User>,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let counts = |user: Option<&User>| user.is_some_and(User::is_active_admin);
        let unverified =
            |user: Option<&User>| counts(user) && user.is_some_and(User::must_verify_first);
        let count = i64::from(counts(after)) - i64::from(counts(before));
        let unverified = i64::from(unverified(after)) - i64::from(unverified(before));
        if (count, unverified) == (0, 0) {
            return Ok(None);
        }
        let part = self.table().update_part(pk(&ItemKey::admins()), |update| {
            let mut values = values([
                ("count", difference(count)),
                ("unverified", difference(unverified)),
            ]);
            let mut update = update.update_expression("ADD #count :count, #unverified :unverified");
            if count < 0 {
                values.insert(":one".to_owned(), number(1));
                update = update.condition_expression("#count > :one");
            }
            update
                .set_expression_attribute_names(Some(names(["count", "unverified"])))
                .set_expression_attribute_values(Some(values))
        });
        part.map(Some)
    }
}

fn difference(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
