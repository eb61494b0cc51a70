//! `meta#admins`: how many active administrators there are.
//!
//! It is counted in the transaction that changes the number, on the condition
//! that it stays above nought: of any number of racers the last one is refused.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{names, number, pk, values};
use crate::dynamodb::transaction;
use crate::users::Users;

impl Users {
    /// Makes the part of a transaction by which the count follows a user, or
    /// nothing where it stays; `None` is a user who is not there.
    ///
    /// Its condition fails for the last active administrator alone.
    pub(crate) fn admins_part(
        &self,
        before: Option<&User>,
        after: Option<&User>,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let counts = |user: Option<&User>| user.is_some_and(User::is_active_admin);
        let part = Update::builder()
            .table_name(self.table().name())
            .set_key(Some(pk(&ItemKey::admins())))
            .set_expression_attribute_names(Some(names(["count"])))
            .set_expression_attribute_values(Some(values([("one", number(1))])));
        let part = match (counts(before), counts(after)) {
            (false, true) => part.update_expression("ADD #count :one"),
            (true, false) => part
                .condition_expression("#count > :one")
                .update_expression("SET #count = #count - :one"),
            (true, true) | (false, false) => return Ok(None),
        };
        transaction::update(part).map(Some)
    }
}
