//! The items that lead from a name to its user.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use serde::{Deserialize, Serialize};

use super::{Claim, Users};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, pk, text};

/// The item of a username, an e-mail address or an external id.
#[derive(Serialize, Deserialize)]
pub(super) struct NameItem {
    pk: String,
    sub: SubjectId,
}

impl NameItem {
    pub(super) fn new(key: ItemKey, sub: &SubjectId) -> Self {
        Self {
            pk: key.into(),
            sub: sub.clone(),
        }
    }
}

impl Users {
    /// Finds a user by the key of one of their names.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn find(&self, name_key: &ItemKey) -> Result<Option<User>, StoreError> {
        match self.subject_of(name_key).await? {
            Some(sub) => self.get(&sub).await,
            None => Ok(None),
        }
    }

    /// Finds the subject that has a name, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn subject_of(&self, name_key: &ItemKey) -> Result<Option<SubjectId>, StoreError> {
        let item = self.table().get(pk(name_key)).await?;
        // Errors reach logs, and the name itself may be an e-mail address.
        item.map(|item| self.subject_in("of a name", item))
            .transpose()
    }

    /// Reads the subject from the item of a name. An error calls the item `shown`.
    pub(crate) fn subject_in(&self, shown: &str, item: Item) -> Result<SubjectId, StoreError> {
        let item: NameItem = self.table().decode(shown, item)?;
        Ok(item.sub)
    }
    /// Builds the parts of a transaction that write a new user: the account, and the items
    /// of its names.
    pub(crate) fn claims(
        &self,
        user: &User,
    ) -> Result<Vec<(Claim, TransactWriteItem)>, StoreError> {
        let mut parts = Vec::new();
        for claim in Claim::ALL {
            let Some(key) = claim.key(user) else { continue };
            let item = if claim == Claim::Subject {
                let mut item = encode("TransactWriteItems", user)?;
                item.insert("pk".to_owned(), text(key));
                item
            } else {
                encode("TransactWriteItems", NameItem::new(key, &user.sub))?
            };
            parts.push((claim, self.new_part(item)?));
        }
        Ok(parts)
    }
}
