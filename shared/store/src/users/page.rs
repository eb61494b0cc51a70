//! All users in pages, as an administrator lists them.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::{ItemKey, Prefix};
use gatehouse_auth::user::Profile;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::key;
use crate::dynamodb::table::Scan;
use crate::users::Users;

/// Items per user: the account, its username and, for most, an e-mail address.
const ITEMS_OF_A_USER: i32 = 3;
/// The maximum number of items per call, which doubles from call to call. A higher one
/// would read a whole megabyte for a few more users.
const MAX_ITEMS: i32 = 1000;
/// The attributes of a profile. The hash is not one of them.
const PROFILE: [&str; 11] = [
    "sub",
    "username",
    "email",
    "external_id",
    "roles",
    "status",
    "created_at",
    "updated_at",
    "password_changed_at",
    "email_verified_at",
    "pending_email",
];

/// A page of users, in no particular order.
#[derive(Debug)]
pub struct UsersPage {
    /// The users. Only the last page may be empty.
    pub users: Vec<Profile>,
    /// The id of the last user, if there are more: the next page begins after it.
    pub next: Option<SubjectId>,
}

impl Users {
    /// Reads a page of `limit` users, without their hashes. It begins after the user
    /// `after`, who may have been deleted.
    ///
    /// Between users there may be any number of other items, so it scans until the
    /// page is full or the table ends. Once `time_is_up` returns true, it returns the
    /// users found so far.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt; [`StoreError::Unavailable`]
    /// if the time was up before the first user was found.
    pub async fn page(
        &self,
        after: Option<&SubjectId>,
        limit: u8,
        time_is_up: impl Fn() -> bool,
    ) -> Result<UsersPage, StoreError> {
        let limit = usize::from(limit.max(1));
        // One more, to know whether there is another page.
        let mut items = i32::try_from(limit + 1).unwrap_or(MAX_ITEMS) * ITEMS_OF_A_USER;
        let mut start = after.map(|sub| ItemKey::user(sub).into());
        let mut users = Vec::new();
        loop {
            let (found, rest) = self.profiles(start, items).await?;
            users.extend(found);
            if users.len() > limit {
                users.truncate(limit);
                break;
            }
            let Some(rest) = rest else {
                return Ok(UsersPage { users, next: None });
            };
            if time_is_up() {
                break;
            }
            start = Some(rest);
            items = (items * 2).min(MAX_ITEMS);
        }
        match users.last().map(|user| user.sub.clone()) {
            None => Err(StoreError::unavailable(
                "Scan",
                "the time was up before a user was found",
            )),
            next => Ok(UsersPage { users, next }),
        }
    }

    /// Reads the users among the next `items` items. Returns them with the key after which
    /// to continue.
    async fn profiles(
        &self,
        start: Option<String>,
        items: i32,
    ) -> Result<(Vec<Profile>, Option<String>), StoreError> {
        let scan = Scan {
            prefix: Prefix::User.as_str(),
            attributes: &PROFILE,
            limit: Some(items),
            start: start.map(|start| key("pk", start)),
            ..Scan::default()
        };
        let page = self.table().scan(scan).await?;
        let found = page.items.into_iter();
        // A corrupt item does not hide the others.
        let users = found.filter_map(|item| {
            let sub = item.get("sub").and_then(|sub| sub.as_s().ok().cloned());
            let user = self.table().decode(&sub.unwrap_or_default(), item);
            user.inspect_err(|error: &StoreError| {
                let error: &dyn std::error::Error = error;
                tracing::error!(error, "a user was left out of a list");
            })
            .ok()
        });
        let users = users.collect();
        let rest = page
            .next
            .and_then(|key| key.get("pk")?.as_s().ok().cloned());
        Ok((users, rest))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use gatehouse_auth::role::Roles;
    use gatehouse_auth::time::Timestamp;
    use gatehouse_auth::user::Status;

    use super::*;

    /// An attribute that a scan does not read would be missing from every list.
    #[test]
    fn a_list_reads_every_attribute_of_a_profile() {
        let now = Timestamp::from_unix(1_800_000_000);
        let profile = Profile {
            sub: SubjectId::from_bytes([1; 16]),
            username: "ada".to_owned(),
            email: None,
            external_id: None,
            roles: Roles::default(),
            status: Status::Active,
            created_at: now,
            updated_at: now,
            password_changed_at: None,
            email_verified_at: None,
            pending_email: None,
        };
        let fields = serde_json::to_value(&profile).unwrap();
        let fields: BTreeSet<_> = fields.as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, PROFILE.map(str::to_owned).into());
    }
}
