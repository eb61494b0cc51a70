//! The items that lead from a name to its user.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use serde::{Deserialize, Serialize};

use super::{Claim, Users};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, moment, names, pk, text, values};

/// The item of a username, an e-mail address or an external id.
#[derive(Serialize, Deserialize)]
pub(super) struct NameItem {
    pk: String,
    sub: SubjectId,
    /// Only if the user no longer has the name: until then nobody else may take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reserved_until: Option<Timestamp>,
}

impl NameItem {
    pub(super) fn new(key: ItemKey, sub: &SubjectId) -> Self {
        Self {
            pk: key.into(),
            sub: sub.clone(),
            reserved_until: None,
        }
    }
}

/// Who may take a name that is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taker<'a> {
    /// Nobody before the reservation ends.
    Anyone,
    /// The user who had the name, at any time.
    Former(&'a SubjectId),
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

    /// Finds the subject that has a name, consistently. A name that is only reserved leads
    /// to no one.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn subject_of(&self, name_key: &ItemKey) -> Result<Option<SubjectId>, StoreError> {
        let item = self.table().get(pk(name_key)).await?;
        // Errors reach logs, and the name itself may be an e-mail address.
        let sub = item.map(|item| self.subject_in("of a name", item));
        sub.transpose().map(Option::flatten)
    }

    /// Reads the subject from the item of a name, unless the name is only reserved. An error
    /// calls the item `shown`.
    pub(crate) fn subject_in(
        &self,
        shown: &str,
        item: Item,
    ) -> Result<Option<SubjectId>, StoreError> {
        let item: NameItem = self.table().decode(shown, item)?;
        Ok(item.reserved_until.is_none().then_some(item.sub))
    }

    /// Builds the parts of a transaction that write a new user: the account, and the items
    /// of its names.
    pub(crate) fn claims(
        &self,
        user: &User,
        now: Timestamp,
    ) -> Result<Vec<(Claim, TransactWriteItem)>, StoreError> {
        let mut parts = Vec::new();
        for claim in Claim::ALL {
            let Some(key) = claim.key(user) else { continue };
            let part = if claim == Claim::Subject {
                let mut item = encode("TransactWriteItems", user)?;
                item.insert("pk".to_owned(), text(key));
                self.new_part(item)?
            } else {
                self.name_part(key, &user.sub, Taker::Anyone, now)?
            };
            parts.push((claim, part));
        }
        Ok(parts)
    }

    /// Builds the part of a transaction that gives a name to a user. It fails if somebody has
    /// the name, or if it is reserved for another user.
    pub(crate) fn name_part(
        &self,
        key: ItemKey,
        sub: &SubjectId,
        taker: Taker<'_>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = encode("TransactWriteItems", NameItem::new(key, sub))?;
        // DynamoDB deletes an item hours after its end.
        let mut condition = "attribute_not_exists(pk) OR #reserved_until <= :now".to_owned();
        let mut named = names(["reserved_until"]);
        let mut values = values([("now", moment(now))]);
        if let Taker::Former(former) = taker {
            condition.push_str(" OR (attribute_exists(#reserved_until) AND #sub = :sub)");
            named.extend(names(["sub"]));
            values.insert(":sub".to_owned(), text(former.as_str()));
        }
        self.table().put_part(item, |put| {
            put.condition_expression(condition)
                .set_expression_attribute_names(Some(named))
                .set_expression_attribute_values(Some(values))
        })
    }

    /// Builds the part of a transaction that takes a name from its user and reserves it. It
    /// fails if the name is not this user's.
    pub(crate) fn reserve_part(
        &self,
        key: ItemKey,
        sub: &SubjectId,
        until: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = NameItem {
            reserved_until: Some(until),
            ..NameItem::new(key, sub)
        };
        let item = encode("TransactWriteItems", item)?;
        self.table().put_part(item, |put| {
            put.condition_expression("#sub = :sub AND attribute_not_exists(#reserved_until)")
                .set_expression_attribute_names(Some(names(["sub", "reserved_until"])))
                .set_expression_attribute_values(Some(values([("sub", text(sub.as_str()))])))
        })
    }
}
