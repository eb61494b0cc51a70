//! The template's tables in memory, without a server: a call runs on the caller's thread, so
//! that it takes no time on a paused clock.

use std::collections::BTreeMap;
use std::fmt;

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StackError;
use crate::storage::Schema;
use crate::tables::{self, create};

/// Empty tables in memory. Clones share them.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    names: BTreeMap<String, String>,
}

impl Embedded {
    /// Creates the tables of a template.
    ///
    /// # Errors
    /// [`StackError`]; its message is one sentence for the user of the command.
    pub fn new(schema: &Schema) -> Result<Self, StackError> {
        let database = tables::in_memory()?;
        for spec in schema.tables() {
            create(&database, spec).map_err(|reason| StackError::Table {
                table: spec.name.clone(),
                reason,
            })?;
        }
        let names = schema.tables().iter();
        let names = names.map(|spec| (spec.id.clone(), spec.name.clone()));
        Ok(Self {
            database,
            names: names.collect(),
        })
    }

    /// Returns the logical ids of the template's tables, and their names.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.names.iter();
        names.map(|(id, name)| (id.as_str(), name.as_str()))
    }

    /// Handles a call: an operation such as `GetItem`, and its body. Returns the body of the
    /// response.
    ///
    /// # Errors
    /// The body of the error, and its status.
    pub fn handle(&self, operation: &str, body: &[u8]) -> Result<String, (u16, String)> {
        let tables = &self.database;
        match operation {
            "BatchGetItem" => call(body, |request| tables.batch_get_item(request)),
            "BatchWriteItem" => call(body, |request| tables.batch_write_item(request)),
            "DeleteItem" => call(body, |request| tables.delete_item(request)),
            "GetItem" => call(body, |request| tables.get_item(request)),
            "PutItem" => call(body, |request| tables.put_item(request)),
            "Query" => call(body, |request| tables.query(request)),
            "Scan" => call(body, |request| tables.scan(request)),
            "TransactWriteItems" => call(body, |request| tables.transact_write_items(request)),
            "UpdateItem" => call(body, |request| tables.update_item(request)),
            _ => Err((400, r#"{"__type":"UnknownOperationException"}"#.to_owned())),
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Embedded")
    }
}

fn call<Q, R>(
    body: &[u8],
    handle: impl FnOnce(Q) -> Result<R, DynoxideError>,
) -> Result<String, (u16, String)>
where
    Q: DeserializeOwned,
    R: Serialize,
{
    let invalid = |error: serde_json::Error| {
        let error = DynoxideError::SerializationException(error.to_string());
        (error.status_code(), error.to_json())
    };
    let request = serde_json::from_slice(body).map_err(invalid)?;
    let response = handle(request).map_err(|error| (error.status_code(), error.to_json()))?;
    serde_json::to_string(&response).map_err(invalid)
}
