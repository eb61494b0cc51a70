//! What the stand-ins of AWS keep: a table of the embedded DynamoDB that no template has,
//! so that it is in the data directory exactly if the tables are.

use std::sync::Arc;

use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The documents of one kind, by their names. Clones share them.
#[derive(Clone)]
pub(crate) struct State {
    database: Database,
    kind: Arc<str>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("State").field(&self.kind).finish()
    }
}

/// The table's name.
const TABLE: &str = "gatehouse-local-state";

impl State {
    /// Opens the documents of a kind, and creates the table if it does not exist.
    pub(crate) fn open(database: &Database, kind: &str) -> Result<Self, String> {
        let known = database.get_table_metadata(TABLE);
        if known.map_err(|error| error.to_string())?.is_none() {
            let attribute = |name| json!({ "AttributeName": name, "AttributeType": "S" });
            let request = json!({
                "TableName": TABLE,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [attribute("kind"), attribute("name")],
                "KeySchema": [
                    { "AttributeName": "kind", "KeyType": "HASH" },
                    { "AttributeName": "name", "KeyType": "RANGE" },
                ],
            });
            call(request, |request| database.create_table(request))?;
        }
        Ok(Self {
            database: database.clone(),
            kind: kind.into(),
        })
    }

    /// Returns every document with its name, in the order of the names.
    pub(crate) fn all<T: DeserializeOwned>(&self) -> Result<Vec<(String, T)>, String> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let request = json!({
                "TableName": TABLE,
                "KeyConditionExpression": "kind = :kind",
                "ExpressionAttributeValues": { ":kind": { "S": &*self.kind } },
                "ExclusiveStartKey": start,
            });
            let page = call(request, |request| self.database.query(request))?;
            let page: Page = serde_json::from_value(page).map_err(|error| error.to_string())?;
            for item in page.items {
                let document = serde_json::from_str(&item.document.text);
                found.push((item.name.text, document.map_err(|error| error.to_string())?));
            }
            start = page.next;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Writes a document.
    pub(crate) fn put(&self, name: &str, document: &impl Serialize) -> Result<(), String> {
        let text = serde_json::to_string(document).map_err(|error| error.to_string())?;
        let item = json!({
            "kind": { "S": &*self.kind },
            "name": { "S": name },
            "document": { "S": text },
        });
        let request = json!({ "TableName": TABLE, "Item": item });
        call(request, |request| self.database.put_item(request)).map(drop)
    }

    /// Deletes a document.
    pub(crate) fn delete(&self, name: &str) -> Result<(), String> {
        let key = json!({ "kind": { "S": &*self.kind }, "name": { "S": name } });
        let request = json!({ "TableName": TABLE, "Key": key });
        call(request, |request| self.database.delete_item(request)).map(drop)
    }
}

/// A page of a query.
#[derive(Deserialize)]
struct Page {
    #[serde(rename = "Items")]
    items: Vec<Item>,
    #[serde(rename = "LastEvaluatedKey")]
    next: Option<Value>,
}

#[derive(Deserialize)]
struct Item {
    name: Text,
    document: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// Sends a request in the form that it has over HTTP.
fn call<Q: DeserializeOwned, R: Serialize>(
    request: Value,
    handle: impl FnOnce(Q) -> Result<R, DynoxideError>,
) -> Result<Value, String> {
    let request = serde_json::from_value(request).map_err(|error| error.to_string())?;
    let response = handle(request).map_err(|error| error.to_string())?;
    serde_json::to_value(response).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_kept_by_kind_and_name() {
        let database = Database::memory().unwrap();
        let one = State::open(&database, "one").unwrap();
        let two = State::open(&database, "two").unwrap();
        one.put("b", &1).unwrap();
        one.put("a", &2).unwrap();
        two.put("a", &3).unwrap();
        one.put("b", &4).unwrap();
        let pairs = |state: &State| state.all::<u64>().unwrap();
        assert_eq!(pairs(&one), [("a".to_owned(), 2), ("b".to_owned(), 4)]);
        one.delete("a").unwrap();
        one.delete("a").unwrap();
        assert_eq!(pairs(&one), [("b".to_owned(), 4)]);
        assert_eq!(pairs(&two), [("a".to_owned(), 3)]);
    }
}
