//! The table of users: `user#<sub>`, `username#<canonical>`, `email#<canonical>`.
//!
//! Names are items of their own, written with the user in one transaction: a
//! unique index does not exist, and an index is read late.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use serde::Serialize;

use crate::error::{StoreError, written};
use crate::item::{Item, corrupt, decode, encode, key, moment, names, text, values};
use crate::transaction::{self, ClientRequestToken, Outcome};

/// The table of users.
#[derive(Debug, Clone)]
pub struct Users {
    client: Client,
    table: String,
}

/// Why a registration wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Somebody has the username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Somebody has the e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The table gave no answer to act upon.
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

/// The item of a username or an e-mail address.
#[derive(Serialize)]
struct NameItem<'a> {
    pk: String,
    sub: &'a SubjectId,
}

impl Users {
    /// Names the table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Opens the connection with a read of nothing, for init.
    ///
    /// A failure is not the caller's: the first request will meet it again.
    pub async fn warm_up(&self) {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key("pk", "user#")))
            .send()
            .await;
        if let Err(error) = read {
            let error = StoreError::of("GetItem", error);
            tracing::debug!(%error, "warm-up failed");
        }
    }

    /// Writes a new user with the items of its names, or nothing. One who is an
    /// administrator from the first, as an imported one may be, is counted.
    ///
    /// # Errors
    /// [`RegisterError::UsernameTaken`], also when both names are taken;
    /// [`RegisterError::EmailTaken`]; [`RegisterError::Store`].
    pub async fn register(
        &self,
        user: &User,
        token: &ClientRequestToken,
    ) -> Result<(), RegisterError> {
        let username = name_item("username", &user.username_canonical, &user.sub)?;
        let mut item = encode("TransactWriteItems", user)?;
        item.insert("pk".to_owned(), text(user_key(&user.sub)));
        let mut parts = vec![self.put_new(item)?, self.put_new(username)?];
        if let Some(email) = &user.email_canonical {
            parts.push(self.put_new(name_item("email", email, &user.sub)?)?);
        }
        // Without a condition, and last: the two above are told by their places.
        parts.extend(self.admins_part(None, Some(user))?);
        match transaction::write(&self.client, token, parts).await? {
            Outcome::Written => Ok(()),
            Outcome::Refused(conditions) if conditions.failed(1) => {
                Err(RegisterError::UsernameTaken)
            }
            Outcome::Refused(conditions) if conditions.failed(2) => Err(RegisterError::EmailTaken),
            Outcome::Refused(_) => {
                Err(StoreError::rejected("TransactWriteItems", "the subject exists already").into())
            }
        }
    }

    /// Reads a user, consistently.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn get(&self, sub: &SubjectId) -> Result<Option<User>, StoreError> {
        let item = self.item(sub).await?;
        item.map(|item| self.read(sub, item)).transpose()
    }

    /// Reads a user's item, consistently.
    pub(crate) async fn item(&self, sub: &SubjectId) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key("pk", user_key(sub))))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::of("GetItem", error))?;
        Ok(answer.item)
    }

    /// Reads an item that must be this user's.
    pub(crate) fn read(&self, sub: &SubjectId, item: Item) -> Result<User, StoreError> {
        let pk = user_key(sub);
        let user: User = decode(&self.table, &pk, item)?;
        if user.sub == *sub {
            Ok(user)
        } else {
            Err(corrupt(&self.table, &pk, "sub", "it is another user's"))
        }
    }

    /// Replaces a password hash by one of the same password, made anew.
    ///
    /// Returns false, and writes nothing, if the hash is no longer `old`: a
    /// password that was changed meanwhile wins over a rehash of the one before.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn replace_hash(
        &self,
        sub: &SubjectId,
        old: &StoredHash,
        new: &StoredHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key("pk", user_key(sub))))
            .condition_expression("#password_hash = :old")
            .update_expression("SET #password_hash = :new, #updated_at = :now")
            .set_expression_attribute_names(Some(names(["password_hash", "updated_at"])))
            .set_expression_attribute_values(Some(values([
                ("old", text(old.expose())),
                ("new", text(new.expose())),
                ("now", moment(now)),
            ])))
            .send()
            .await;
        written("UpdateItem", sent)
    }

    fn put_new(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        transaction::put(
            Put::builder()
                .table_name(&self.table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk)"),
        )
    }
}

/// The key of a user's item.
pub(crate) fn user_key(sub: &SubjectId) -> String {
    format!("user#{sub}")
}

fn name_item(kind: &str, canonical: &str, sub: &SubjectId) -> Result<Item, StoreError> {
    let pk = format!("{kind}#{canonical}");
    encode("TransactWriteItems", NameItem { pk, sub })
}
