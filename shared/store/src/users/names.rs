//! From a name to its user, past the counters of a login.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use serde::Deserialize;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{decode, pk};
use crate::users::Users;

#[derive(Deserialize)]
struct NameItem {
    sub: SubjectId,
}

impl Users {
    /// Finds whose name it is, consistently; `name_key` is the key of its item.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn subject_of(&self, name_key: &ItemKey) -> Result<Option<SubjectId>, StoreError> {
        let answer = self
            .client()
            .get_item()
            .table_name(self.table())
            .set_key(Some(pk(name_key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::of("GetItem", error))?;
        let Some(item) = answer.item else {
            return Ok(None);
        };
        // Errors reach logs: the name itself may be an e-mail address.
        let item: NameItem = decode(self.table(), "of a name", item)?;
        Ok(Some(item.sub))
    }
}
