//! Users as an administrator finds them: all in pages, or one by name.

use gatehouse_auth::cursor::CursorKey;
use gatehouse_auth::user::{Profile, User};
use serde::Deserialize;

use crate::error::StoreError;
use crate::item::{decode, key, names, text, values};
use crate::users::{Users, user_key};

/// A page of users, in no order.
#[derive(Debug)]
pub struct UsersPage {
    /// The users; there may be fewer than were asked for, or none.
    pub users: Vec<Profile>,
    /// The key after which the next page begins, if there is one.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct CursorKeyItem {
    key: CursorKey,
}

impl Users {
    /// Reads a page of at most `limit` users after the key `start`. Hashes are
    /// not read.
    ///
    /// # Errors
    /// [`StoreError`] as the call or an item gives it.
    pub async fn page(&self, start: Option<&str>, limit: u8) -> Result<UsersPage, StoreError> {
        let answer = self
            .client()
            .scan()
            .table_name(self.table())
            // Beside a user there are the items of two names.
            .limit(i32::from(limit) * ITEMS_OF_A_USER)
            .filter_expression("begins_with(#pk, :user)")
            .projection_expression(PROFILE)
            .set_expression_attribute_names(Some(names(PROFILE_NAMES)))
            .set_expression_attribute_values(Some(values([("user", text("user#"))])))
            .set_exclusive_start_key(start.map(|start| key("pk", start)))
            .send()
            .await
            .map_err(|error| StoreError::of("Scan", error))?;
        let items = answer.items.unwrap_or_default().into_iter();
        let mut users: Vec<Profile> = items
            .map(|item| decode(self.table(), "of a page", item))
            .collect::<Result<_, _>>()?;
        let last = answer.last_evaluated_key;
        let mut next = last.and_then(|key| key.get("pk")?.as_s().ok().cloned());
        if users.len() > usize::from(limit) {
            users.truncate(limit.into());
            next = users.last().map(|user| user_key(&user.sub));
        }
        Ok(UsersPage { users, next })
    }

    /// Finds a user by the canonical username.
    ///
    /// # Errors
    /// [`StoreError`] as the calls or an item give it.
    pub async fn find(&self, username_canonical: &str) -> Result<Option<User>, StoreError> {
        let name_key = format!("username#{username_canonical}");
        match self.subject_of(&name_key).await? {
            Some(sub) => self.get(&sub).await,
            None => Ok(None),
        }
    }

    /// Returns the key that seals the places of pages: the stored one, or `fresh`
    /// if there was none.
    ///
    /// # Errors
    /// [`StoreError`] as the calls or the item give it.
    pub async fn cursor_key(&self, fresh: &CursorKey) -> Result<CursorKey, StoreError> {
        let read = self
            .client()
            .get_item()
            .table_name(self.table())
            .set_key(Some(key("pk", CURSOR_KEY)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::of("GetItem", error))?;
        if let Some(item) = read.item {
            let item: CursorKeyItem = decode(self.table(), CURSOR_KEY, item)?;
            return Ok(item.key);
        }
        // Of two that find none, both end with the one that was first.
        let written = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(key("pk", CURSOR_KEY)))
            .update_expression("SET #key = if_not_exists(#key, :fresh)")
            .set_expression_attribute_names(Some(names(["key"])))
            .set_expression_attribute_values(Some(values([("fresh", text(fresh.expose()))])))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| StoreError::of("UpdateItem", error))?;
        let item = written.attributes.unwrap_or_default();
        let item: CursorKeyItem = decode(self.table(), CURSOR_KEY, item)?;
        Ok(item.key)
    }
}

/// The item of the key that seals cursors.
const CURSOR_KEY: &str = "meta#cursor_key";
/// The account, its username and, for most, an e-mail address.
const ITEMS_OF_A_USER: i32 = 3;
/// What a list shows. The hash is not among it.
const PROFILE: &str = "#sub, #username, #email, #roles, #status, #created_at, #updated_at, \
     #password_changed_at";
const PROFILE_NAMES: [&str; 9] = [
    "pk",
    "sub",
    "username",
    "email",
    "roles",
    "status",
    "created_at",
    "updated_at",
    "password_changed_at",
];
