//! The table of users: `user#<sub>`, `username#<canonical>`, `email#<canonical>`,
//! `external#<id>`.
//!
//! Each name has its own item, written with the user in one transaction: DynamoDB has no
//! unique index, and an index lags behind its table.

mod admins;
mod export;
mod names;
mod page;
mod recovery;
mod respelling;
mod update;

pub use export::ExportPage;
pub(crate) use names::Taker;
pub use page::UsersPage;
pub use respelling::Respelled;
pub(crate) use update::{Unchanged, UserUpdate};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::{ItemKey, Prefix};
use gatehouse_auth::mail::Message;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, moment, names, pk, text, values};
use crate::dynamodb::table::Table;
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::outbox::Outbox;

/// The table of users.
#[derive(Debug, Clone)]
pub struct Users {
    table: Table,
}

/// Why nothing was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another user has the username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Another user has the e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The call failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for RegisterError {
    fn is_transient(&self) -> bool {
        match self {
            Self::UsernameTaken | Self::EmailTaken => false,
            Self::Store(error) => error.is_transient(),
        }
    }
}

/// What is unique to an account: each has its own item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The subject: the item of the account itself.
    Subject,
    /// The canonical username.
    Username,
    /// The canonical e-mail address.
    Email,
    /// The id in another system.
    ExternalId,
}

impl Claim {
    /// Every claim, in the order in which they are checked.
    pub const ALL: [Self; 4] = [Self::Subject, Self::Username, Self::Email, Self::ExternalId];
    /// The claims whose items lead to the account.
    pub(crate) const NAMES: [Self; 3] = [Self::Username, Self::Email, Self::ExternalId];

    /// Returns the key of the item by which a user claims this, if the user has one.
    #[must_use]
    pub fn key(self, user: &User) -> Option<ItemKey> {
        match self {
            Self::Subject => Some(ItemKey::user(&user.sub)),
            Self::Username => Some(ItemKey::username(&user.username_canonical)),
            Self::Email => user.email_canonical.as_deref().map(ItemKey::email),
            Self::ExternalId => user.external_id.as_ref().map(ItemKey::external_id),
        }
    }
}

/// What a part of a registration writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Claim(Claim),
    Admins,
    Message,
}

impl Users {
    /// Opens the table of that name; nothing connects yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        let table = Table::new(client, table);
        Self { table }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Connects during INIT, by reading an item that does not exist.
    ///
    /// A failure is not reported: the first request will report it.
    pub async fn warm_up(&self) {
        let nothing = pk(&ItemKey::empty(Prefix::User));
        if let Err(error) = self.table.get(nothing).await {
            tracing::debug!(%error, "warm-up failed");
        }
    }

    /// Writes a new user and the items of their names, or nothing. A user who is an
    /// administrator from the start is counted as one. The account begins now: a username
    /// that is reserved at its `created_at` is taken.
    ///
    /// # Errors
    /// [`RegisterError::UsernameTaken`], also when both names are taken;
    /// [`RegisterError::EmailTaken`]; [`RegisterError::Store`].
    pub async fn register(&self, user: &User) -> Result<(), RegisterError> {
        self.register_with(user, None).await
    }

    /// Writes a new user as [`register`](Self::register) does, with a message in the same
    /// transaction.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn register_with(
        &self,
        user: &User,
        message: Option<(&Outbox, &Message)>,
    ) -> Result<(), RegisterError> {
        let mut parts = Transaction::new();
        for (claim, part) in self.claims(user, user.created_at)? {
            parts.add(Part::Claim(claim), part);
        }
        if let Some(admins) = self.admins_part(None, Some(user))? {
            parts.add(Part::Admins, admins);
        }
        if let Some((outbox, message)) = message {
            parts.add(Part::Message, outbox.message_part(message)?);
        }
        match parts.write(self.table.client()).await? {
            Outcome::Written => Ok(()),
            Outcome::Refused(refusal) if refusal.failed(Part::Claim(Claim::Username)) => {
                Err(RegisterError::UsernameTaken)
            }
            Outcome::Refused(refusal) if refusal.failed(Part::Claim(Claim::Email)) => {
                Err(RegisterError::EmailTaken)
            }
            Outcome::Refused(_) => {
                let what = "the subject or the external id already exists";
                Err(StoreError::rejected("TransactWriteItems", what).into())
            }
        }
    }

    /// Reads a user, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn get(&self, sub: &SubjectId) -> Result<Option<User>, StoreError> {
        let item = self.item(sub).await?;
        item.map(|item| self.read(sub, item)).transpose()
    }

    /// Reads a user's item, consistently.
    pub(crate) async fn item(&self, sub: &SubjectId) -> Result<Option<Item>, StoreError> {
        self.table.get(pk(&ItemKey::user(sub))).await
    }

    /// Reads a user from an item, which must be this user's.
    pub(crate) fn read(&self, sub: &SubjectId, item: Item) -> Result<User, StoreError> {
        let key = ItemKey::user(sub);
        let user: User = self.table.decode(key.as_str(), item)?;
        if user.sub == *sub {
            Ok(user)
        } else {
            let table = &self.table;
            Err(table.corrupt(key.as_str(), "sub", "it is another user's"))
        }
    }

    /// Replaces a password hash by a new hash of the same password.
    ///
    /// Returns false, and writes nothing, if the hash is no longer `old`: a password
    /// changed in the meantime takes precedence over rehashing the earlier one.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn replace_hash(
        &self,
        sub: &SubjectId,
        old: &StoredHash,
        new: &StoredHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        UserUpdate::new(sub)
            .require(
                "#password_hash = :old",
                ["password_hash"],
                [("old", text(old.expose()))],
            )
            .set("password_hash", text(new.expose()))
            .set("updated_at", moment(now))
            .write(self)
            .await
    }

    /// Builds the part of a transaction that writes a new item.
    fn new_part(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        self.table.put_part(item, |put| {
            put.condition_expression("attribute_not_exists(pk)")
        })
    }

    /// Builds the part of a transaction that deletes the item of a user's name. It fails if
    /// the name belongs to another user.
    pub(crate) fn release_part(
        &self,
        name_key: &ItemKey,
        sub: &SubjectId,
    ) -> Result<TransactWriteItem, StoreError> {
        self.table.delete_part(pk(name_key), |delete| {
            delete
                .condition_expression("attribute_not_exists(pk) OR #sub = :sub")
                .set_expression_attribute_names(Some(names(["sub"])))
                .set_expression_attribute_values(Some(values([("sub", text(sub.as_str()))])))
        })
    }
}
