//! A username under a new canonical spelling, when the rules of spelling change.

use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use super::names::NameItem;
use super::{Claim, UserUpdate, Users};
use crate::accounts::{MAX_ATTEMPTS, changed_each_time};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{encode, text};
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
    /// account, writes the new item of the name and deletes the old one. If the account has
    /// changed in other ways in the meantime, it tries again.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn respell(&self, user: &User, canonical: &str) -> Result<Respelled, StoreError> {
        let mut user = user.clone();
        for _ in 0..MAX_ATTEMPTS {
            let parts = self.respelling(&user, canonical)?;
            match parts.write(self.table().client()).await? {
                Outcome::Written => return Ok(Respelled::Done),
                Outcome::Refused(refusal) if refusal.failed(Part::User) => {}
                Outcome::Refused(refusal) if refusal.failed(Part::NewName) => {
                    return Ok(Respelled::Taken);
                }
                Outcome::Refused(_) => return Ok(Respelled::Changed),
            }
            match self.get(&user.sub).await? {
                Some(now) if now.username_canonical == user.username_canonical => user = now,
                Some(_) | None => return Ok(Respelled::Changed),
            }
        }
        Err(changed_each_time())
    }

    fn respelling(&self, user: &User, canonical: &str) -> Result<Transaction<Part>, StoreError> {
        let mut parts = Transaction::new();
        let account = UserUpdate::of(user).set("username_canonical", text(canonical));
        parts.add(Part::User, account.part(self)?);
        let item = NameItem::new(ItemKey::username(canonical), &user.sub);
        let new = self.new_part(encode("TransactWriteItems", item)?)?;
        parts.add(Part::NewName, new);
        if let Some(old) = Claim::Username.key(user) {
            parts.add(Part::OldName, self.release_part(&old, &user.sub)?);
        }
        Ok(parts)
    }
}
