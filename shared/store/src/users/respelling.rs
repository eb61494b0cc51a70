//! A username under a new canonical spelling, when the rules of spelling change.

use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use super::names::NameItem;
use super::{Claim, Users};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{encode, names, pk, text, values};
use crate::dynamodb::transaction::{Outcome, Transaction};

/// The result of moving a username to a new spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respelled {
    /// The account and the item of its name have the new spelling.
    Done,
    /// Nothing is written: another user has the new spelling.
    Taken,
    /// Nothing is written: the account was deleted or respelled in the meantime.
    Changed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    User,
    NewName,
    OldName,
}

impl Users {
    /// Moves a username to another canonical spelling. One transaction changes the
    /// account, writes the new item of the name and deletes the old one.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn respell(&self, user: &User, canonical: &str) -> Result<Respelled, StoreError> {
        let mut parts = Transaction::new();
        let account = self
            .table()
            .update_part(pk(&ItemKey::user(&user.sub)), |update| {
                update
                    .condition_expression("#username_canonical = :old")
                    .update_expression("SET #username_canonical = :new")
                    .set_expression_attribute_names(Some(names(["username_canonical"])))
                    .set_expression_attribute_values(Some(values([
                        ("old", text(&user.username_canonical)),
                        ("new", text(canonical)),
                    ])))
            });
        parts.add(Part::User, account?);
        let item = NameItem::new(ItemKey::username(canonical), &user.sub);
        let new = self.new_part(encode("TransactWriteItems", item)?)?;
        parts.add(Part::NewName, new);
        if let Some(old) = Claim::Username.key(user) {
            parts.add(Part::OldName, self.release_part(&old, &user.sub)?);
        }
        Ok(match parts.write(self.table().client()).await? {
            Outcome::Written => Respelled::Done,
            Outcome::Refused(refusal) if refusal.failed(Part::User) => Respelled::Changed,
            Outcome::Refused(refusal) if refusal.failed(Part::NewName) => Respelled::Taken,
            Outcome::Refused(_) => Respelled::Changed,
        })
    }
}
