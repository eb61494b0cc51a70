//! What the tables of a service contain, and what must hold between the items.

use anyhow::ensure;
use gatehouse_testing::{Contents, broken_invariants};
use gatehouse_tests::{Person, Service};
use serde_json::json;

use crate::dynamodb::DynamoDb;

/// The tables with anything about a person.
const TABLES: [&str; 5] = [
    "UsersTable",
    "SessionsTable",
    "RevocationsTable",
    "LoginAttemptsTable",
    "OutboxTable",
];

/// Reads every item.
pub(crate) async fn read(service: &Service) -> anyhow::Result<Contents> {
    let tables = DynamoDb::new(service.stack().dynamodb_url())?;
    let mut contents = Contents::new();
    for table in TABLES {
        let items = tables.scan(service.table(table)).await?;
        contents.insert(table.to_owned(), items);
    }
    Ok(contents)
}

/// Expects that every name, address, session and counter belongs to an account, and that every
/// account has all of its items.
pub(crate) fn check(contents: &Contents) -> anyhow::Result<()> {
    let mut broken = broken_invariants(contents);
    let users = &contents["UsersTable"];
    for session in &contents["SessionsTable"] {
        let owner = json!(format!(
            "user#{}",
            session["sub"]["S"].as_str().unwrap_or_default()
        ));
        if !users.iter().any(|user| user["pk"]["S"] == owner) {
            broken.push(format!("{} has no user", session["sid"]["S"]));
        }
    }
    ensure!(broken.is_empty(), "{broken:#?}");
    Ok(())
}

/// Expects that only a revocation is left of a person.
pub(crate) fn check_deleted(contents: &Contents, person: &Person) -> anyhow::Result<()> {
    let mut words = vec![person.id.clone(), person.username.to_lowercase()];
    words.extend(person.identifier_digests());
    for (table, items) in contents {
        for item in items {
            let shown = item.to_string();
            let is_named = words.iter().any(|word| shown.contains(word.as_str()));
            // Whoever typed an address must not reset its counter by deleting the account.
            let pk = item["pk"]["S"].as_str().unwrap_or_default();
            let is_named = is_named && !pk.starts_with("recipient#");
            ensure!(
                !is_named || table == "RevocationsTable",
                "left in {table}: {shown}"
            );
        }
    }
    Ok(())
}
