//! The clients that introspect tokens: `client#<id>` in the table of signing keys.

pub(crate) mod cache;

use aws_sdk_dynamodb::Client as DynamoDb;
use gatehouse_auth::client::{Client, ClientId};
use gatehouse_auth::item_key::{ItemKey, Prefix};

use crate::dynamodb::error::{StoreError, written};
use crate::dynamodb::item::{Item, corrupt, decode, encode, names, pk, text, values};

/// The registered clients.
#[derive(Debug, Clone)]
pub struct Clients {
    client: DynamoDb,
    table: String,
}

impl Clients {
    /// Names the table: that of the signing keys.
    #[must_use]
    pub fn new(client: DynamoDb, table: String) -> Self {
        Self { client, table }
    }

    /// Reads a client, consistently.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn get(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(pk(&ItemKey::client(id))))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::of("GetItem", error))?;
        read.item.map(|item| self.read(item)).transpose()
    }

    /// Reads every client, consistently, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`] as a call or an item gives it.
    pub async fn list(&self) -> Result<Vec<Client>, StoreError> {
        let mut clients = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&self.table)
                .consistent_read(true)
                .filter_expression("begins_with(#pk, :client)")
                .set_expression_attribute_names(Some(names(["pk"])))
                .set_expression_attribute_values(Some(values([(
                    "client",
                    text(Prefix::Client.as_str()),
                )])))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError::of("Scan", error))?;
            for item in page.items.unwrap_or_default() {
                clients.push(self.read(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        clients.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(clients)
    }

    /// Writes a new client. Returns false, and writes nothing, if the id is taken.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn create(&self, client: &Client) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(client)?))
            .condition_expression("attribute_not_exists(pk)");
        written("PutItem", put.send().await)
    }

    /// Writes a client in place of `before`. Returns false, and writes nothing, if
    /// it was revoked or its secret was replaced in the meantime.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn replace(&self, before: &Client, client: &Client) -> Result<bool, StoreError> {
        let digest = text(before.digest().expose());
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(client)?))
            .condition_expression("#digest = :digest")
            .set_expression_attribute_names(Some(names(["digest"])))
            .set_expression_attribute_values(Some(values([("digest", digest)])));
        written("PutItem", put.send().await)
    }

    /// Removes a client. Returns false if there is none.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn remove(&self, id: &ClientId) -> Result<bool, StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(pk(&ItemKey::client(id))))
            .condition_expression("attribute_exists(pk)");
        written("DeleteItem", delete.send().await)
    }

    fn read(&self, item: Item) -> Result<Client, StoreError> {
        let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
        let pk = pk.cloned().unwrap_or_default();
        let client: Client = decode(&self.table, &pk, item)?;
        if ItemKey::client(client.id()).as_str() == pk {
            Ok(client)
        } else {
            Err(corrupt(&self.table, &pk, "id", "it is another client's"))
        }
    }
}

fn item(client: &Client) -> Result<Item, StoreError> {
    let mut item = encode("PutItem", client)?;
    item.insert("pk".to_owned(), text(ItemKey::client(client.id())));
    Ok(item)
}
