//! All users with their hashes, to move them to another system.

use gatehouse_auth::item_key::Prefix;
use gatehouse_auth::user::User;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::key;
use crate::dynamodb::table::Scan;
use crate::users::Users;

/// A page of users, with their hashes, in no particular order.
#[derive(Debug)]
pub struct ExportPage {
    /// The users; there may be none. A corrupt item does not hide the others.
    pub users: Vec<Result<User, StoreError>>,
    /// The key after which the next page begins, if there are more users.
    pub next: Option<String>,
}

impl Users {
    /// Reads users after the key `start`, as many as fit into one response. Users who are
    /// created or deleted in the meantime may or may not be included.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn export(&self, start: Option<&str>) -> Result<ExportPage, StoreError> {
        let scan = Scan {
            prefix: Prefix::User.as_str(),
            consistent: true,
            start: start.map(|start| key("pk", start)),
            ..Scan::default()
        };
        let page = self.table().scan(scan).await?;
        let users = page.items.into_iter().map(|item| {
            let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
            let pk = pk.cloned().unwrap_or_default();
            self.table().decode(&pk, item)
        });
        Ok(ExportPage {
            users: users.collect(),
            next: page
                .next
                .and_then(|key| key.get("pk")?.as_s().ok().cloned()),
        })
    }
}
