//! Every user with all that is held, for who takes them somewhere else.

use gatehouse_auth::item_key::Prefix;
use gatehouse_auth::user::User;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::key;
use crate::dynamodb::table::Scan;
use crate::users::Users;

/// Some of all users, hashes included, in no order.
#[derive(Debug)]
pub struct Everybody {
    /// The users; there may be none. An item that cannot be read hides no other.
    pub users: Vec<Result<User, StoreError>>,
    /// The key after which the next ones begin, if there are more.
    pub next: Option<String>,
}

impl Users {
    /// Reads users after the key `start`, as many as fit into one answer. Who comes or
    /// goes meanwhile may or may not be among them.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn everybody(&self, start: Option<&str>) -> Result<Everybody, StoreError> {
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
        Ok(Everybody {
            users: users.collect(),
            next: page
                .next
                .and_then(|key| key.get("pk")?.as_s().ok().cloned()),
        })
    }
}
