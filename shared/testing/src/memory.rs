//! The template's tables in memory, without a socket: they respond at once even if the clock
//! is paused, and a copy of them takes milliseconds.

use std::collections::BTreeMap;

use bytes::Bytes;
use gatehouse_local::Embedded;
use http::Response;
use serde_json::{Value, json};

use crate::backend::{Backend, operation};
use crate::tables::SCHEMA;

/// Tables in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct MemoryTables(Embedded);

/// The items of all tables, by the table's logical id.
pub type Contents = BTreeMap<String, Vec<Value>>;

impl MemoryTables {
    /// Creates tables with these items.
    #[must_use]
    pub fn holding(contents: &Contents) -> Self {
        let tables = Self(Embedded::new(&SCHEMA).unwrap());
        for (table, items) in contents {
            for item in items {
                tables.put(table, item);
            }
        }
        tables
    }

    /// Returns the name of a table.
    #[must_use]
    pub fn name(&self, table: &str) -> &str {
        let found = self.0.tables().find(|(id, _)| *id == table);
        let (_, name) = found.unwrap_or_else(|| panic!("the template has no table {table}"));
        name
    }

    /// Returns the logical ids of the tables, and their names.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.tables()
    }

    /// Returns the body of `CreateTable` for each table, so that another DynamoDB can have them.
    pub fn creations() -> impl Iterator<Item = &'static Value> {
        SCHEMA.creations()
    }

    /// Handles a call. Returns the status and the body of the response.
    #[must_use]
    pub fn handle(&self, operation: &str, body: &Value) -> (u16, Value) {
        let handled = self.0.handle(operation, body.to_string().as_bytes());
        let (status, body) = match handled {
            Ok(body) => (200, body),
            Err(error) => error,
        };
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Writes an item, in DynamoDB's JSON.
    pub fn put(&self, table: &str, item: &Value) {
        let put = json!({"TableName": self.name(table), "Item": item});
        self.call("PutItem", &put);
    }

    /// Returns all items, in DynamoDB's JSON.
    #[must_use]
    pub fn contents(&self) -> Contents {
        let tables = self.0.tables().map(|(id, name)| {
            let scanned = self.call("Scan", &json!({"TableName": name}));
            let items = scanned.get("Items").and_then(Value::as_array).cloned();
            (id.to_owned(), items.unwrap_or_default())
        });
        tables.collect()
    }

    /// Returns what handles the calls to DynamoDB.
    #[must_use]
    pub fn backend(&self) -> Backend {
        let tables = self.0.clone();
        Backend::new(move |call| {
            let handled = tables.handle(operation(&call), call.body());
            let (status, body) = match handled {
                Ok(body) => (200, body),
                Err(error) => error,
            };
            let response = Response::builder().status(status).body(Bytes::from(body));
            std::future::ready(Ok(response.unwrap()))
        })
    }

    fn call(&self, operation: &str, body: &Value) -> Value {
        let (status, body) = self.handle(operation, body);
        assert_eq!(status, 200, "{operation}");
        body
    }
}
