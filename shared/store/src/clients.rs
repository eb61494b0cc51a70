//! The clients that introspect tokens: `client#<id>` in the table of signing keys.

mod cache;

pub use cache::CachedClients;

use aws_sdk_dynamodb::Client as DynamoDb;
use gatehouse_auth::client::{Client, ClientId};
use gatehouse_auth::item_key::{ItemKey, Prefix};

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, names, pk, text, values};
use crate::dynamodb::table::{Scan, Table};

/// The registered clients.
#[derive(Debug, Clone)]
pub struct Clients {
    table: Table,
}

impl Clients {
    /// Opens the table of that name, which is that of the signing keys; nothing connects
    /// yet.
    #[must_use]
    pub fn new(client: DynamoDb, table: String) -> Self {
        let table = Table::new(client, table);
        Self { table }
    }

    /// Reads a client, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn get(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let item = self.table.get(pk(&ItemKey::client(id))).await?;
        item.map(|item| self.read(item)).transpose()
    }

    /// Reads every client, consistently, ordered by id.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn list(&self) -> Result<Vec<Client>, StoreError> {
        let mut clients = Vec::new();
        let mut start = None;
        loop {
            let scan = Scan {
                prefix: Prefix::Client.as_str(),
                consistent: true,
                start,
                ..Scan::default()
            };
            let page = self.table.scan(scan).await?;
            for item in page.items {
                clients.push(self.read(item)?);
            }
            start = page.next;
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
    /// [`StoreError`] if the call fails.
    pub async fn create(&self, client: &Client) -> Result<bool, StoreError> {
        let put = self.table.put(item(client)?, |put| {
            put.condition_expression("attribute_not_exists(pk)")
        });
        Ok(put.await?.is_done())
    }

    /// Writes a client in place of `before`. Returns false, and writes nothing, if
    /// it was revoked or its secret was replaced in the meantime.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn replace(&self, before: &Client, client: &Client) -> Result<bool, StoreError> {
        let digest = text(before.digest().expose());
        let put = self.table.put(item(client)?, |put| {
            put.condition_expression("#digest = :digest")
                .set_expression_attribute_names(Some(names(["digest"])))
                .set_expression_attribute_values(Some(values([("digest", digest)])))
        });
        Ok(put.await?.is_done())
    }

    /// Removes a client. Returns false if it does not exist.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn remove(&self, id: &ClientId) -> Result<bool, StoreError> {
        let delete = self.table.delete(pk(&ItemKey::client(id)), |delete| {
            delete.condition_expression("attribute_exists(pk)")
        });
        Ok(delete.await?.is_done())
    }

    fn read(&self, item: Item) -> Result<Client, StoreError> {
        let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
        let pk = pk.cloned().unwrap_or_default();
        let client: Client = self.table.decode(&pk, item)?;
        if ItemKey::client(client.id()).as_str() == pk {
            Ok(client)
        } else {
            Err(self.table.corrupt(&pk, "id", "it is another client's"))
        }
    }
}

fn item(client: &Client) -> Result<Item, StoreError> {
    let mut item = encode("PutItem", client)?;
    item.insert("pk".to_owned(), text(ItemKey::client(client.id())));
    Ok(item)
}
