//! Tables whose creation was interrupted. The embedded DynamoDB creates a table in several steps
//! that are not one transaction: if the process is killed between them, the table exists and
//! every use of its index fails.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction};
use serde_json::Value;

/// Removes them from a database that is open elsewhere, so that they are created again.
///
/// # Errors
/// If a table lacks a part although it has items: then it was complete once.
pub(super) fn remove(database: &Path) -> Result<(), String> {
    let removed = Connection::open(database).and_then(|mut connection| {
        let transaction = connection.transaction()?;
        let damaged = remove_all(&transaction)?;
        transaction.commit()?;
        Ok(damaged)
    });
    match removed {
        Ok(None) => Ok(()),
        Ok(Some(table)) => Err(format!("the table {table} has items, but lacks an index")),
        Err(error) => Err(format!("the tables cannot be checked: {error}")),
    }
}

/// Returns the name of a table that cannot be removed.
fn remove_all(transaction: &Transaction<'_>) -> rusqlite::Result<Option<String>> {
    let existing: BTreeSet<String> = transaction
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let tables: Vec<Described> = transaction
        .prepare("SELECT table_name, gsi_definitions, lsi_definitions FROM _tables")?
        .query_map([], Described::read)?
        .collect::<Result<_, _>>()?;
    for table in tables {
        let (present, missing): (Vec<&String>, Vec<&String>) = table
            .parts
            .iter()
            .partition(|part| existing.contains(*part));
        if missing.is_empty() {
            continue;
        }
        for part in &present {
            let first = format!("SELECT 1 FROM {} LIMIT 1", quoted(part));
            let item: Option<i64> = transaction
                .query_row(&first, [], |row| row.get(0))
                .optional()?;
            if item.is_some() {
                return Ok(Some(table.name));
            }
        }
        for part in present {
            transaction.execute(&format!("DROP TABLE {}", quoted(part)), [])?;
        }
        transaction.execute("DELETE FROM _tables WHERE table_name = ?1", [&table.name])?;
    }
    Ok(None)
}

/// A table of the embedded DynamoDB, and the tables of its file that it consists of.
struct Described {
    name: String,
    parts: Vec<String>,
}

impl Described {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let name: String = row.get(0)?;
        let mut parts = vec![name.clone()];
        for (column, kind) in [(1, "gsi"), (2, "lsi")] {
            let definitions: Option<String> = row.get(column)?;
            let definitions: Vec<Value> = definitions
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            let indexes = definitions
                .iter()
                .filter_map(|index| index["IndexName"].as_str());
            parts.extend(indexes.map(|index| format!("{name}::{kind}::{index}")));
        }
        Ok(Self { name, parts })
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::tables::{DATABASE, create, open};
    use crate::template::{TableSpec, Template};

    fn specs() -> Vec<TableSpec> {
        let text = include_str!("../template/fixture.yaml");
        let template = Template::parse(text, &[].into(), "http://localhost").unwrap();
        template.tables
    }

    /// Opens a data directory as a stack does; returns whether everything is there.
    fn start(directory: &TempDir) -> Result<(), String> {
        let (database, _lock) = open(Some(directory.path())).map_err(|e| e.to_string())?;
        for spec in specs() {
            create(&database, &spec)?;
            let table = database.get_table_metadata(&spec.name).unwrap().unwrap();
            assert_eq!(table.ttl_enabled, spec.ttl.is_some());
        }
        Ok(())
    }

    fn sqlite(directory: &TempDir, statement: &str) {
        let path = directory.path().join(DATABASE);
        Connection::open(path)
            .unwrap()
            .execute_batch(statement)
            .unwrap();
    }

    const TABLE: &str = "gatehouse-local-things";

    #[test]
    fn a_table_whose_creation_was_interrupted_is_created_again() {
        let index = format!("{TABLE}::gsi::by-time");
        for undone in [
            format!(r#"DROP TABLE "{index}""#),
            format!(r#"DROP TABLE "{index}"; DROP TABLE "{TABLE}""#),
            "UPDATE _tables SET ttl_enabled = 0, ttl_attribute = NULL".to_owned(),
        ] {
            let directory = TempDir::new().unwrap();
            start(&directory).unwrap();
            sqlite(&directory, &undone);
            start(&directory).unwrap();
            sqlite(
                &directory,
                &format!(r#"SELECT * FROM "{index}", "{TABLE}""#),
            );
        }
    }

    #[test]
    fn a_table_with_items_is_never_removed() {
        let directory = TempDir::new().unwrap();
        start(&directory).unwrap();
        let (database, lock) = open(Some(directory.path())).unwrap();
        let item = serde_json::json!({ "TableName": TABLE, "Item": { "pk": { "S": "one" } } });
        database
            .put_item(serde_json::from_value(item).unwrap())
            .unwrap();
        drop((database, lock));
        sqlite(
            &directory,
            &format!(r#"DROP TABLE "{TABLE}::gsi::by-time""#),
        );
        let error = start(&directory).unwrap_err();
        assert!(error.contains("has items, but lacks an index"), "{error}");
        sqlite(&directory, &format!(r#"SELECT * FROM "{TABLE}""#));
    }
}
