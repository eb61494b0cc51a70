//! Every user with all that is held, for who takes them somewhere else.

use gatehouse_auth::item_key::Prefix;
use gatehouse_auth::user::User;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{decode, key, names, text, values};
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
        let answer = self
            .client()
            .scan()
            .table_name(self.table())
            .consistent_read(true)
            .filter_expression("begins_with(#pk, :user)")
            .set_expression_attribute_names(Some(names(["pk"])))
            .set_expression_attribute_values(Some(values([("user", text(Prefix::User.as_str()))])))
            .set_exclusive_start_key(start.map(|start| key("pk", start)))
            .send()
            .await
            .map_err(|error| StoreError::of("Scan", error))?;
        let items = answer.items.unwrap_or_default().into_iter();
        let users = items.map(|item| {
            let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
            let pk = pk.cloned().unwrap_or_default();
            decode(self.table(), &pk, item)
        });
        let last = answer.last_evaluated_key;
        Ok(Everybody {
            users: users.collect(),
            next: last.and_then(|key| key.get("pk")?.as_s().ok().cloned()),
        })
    }
}
