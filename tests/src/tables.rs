//! The tables of a service: to move a stored time, and to see what is stored.

use std::collections::HashMap;

use anyhow::ensure;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_store::{Accounts, Revocations, Sessions, Users};

use crate::person::Person;
use crate::service::Service;

/// A connection to a service's tables, which are named by their logical ids.
#[derive(Debug)]
pub struct Tables<'a> {
    service: &'a Service,
    client: Client,
}

/// An item as it is stored.
pub type Item = HashMap<String, AttributeValue>;

/// Returns a string attribute.
#[must_use]
pub fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Returns a number attribute.
#[must_use]
pub fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

impl<'a> Tables<'a> {
    /// Opens a connection to the service's tables.
    #[must_use]
    pub fn of(service: &'a Service) -> Self {
        Self {
            service,
            client: service.tables(),
        }
    }

    /// Sets an attribute of an existing item.
    ///
    /// # Errors
    /// If the table or the item is missing.
    pub async fn set(
        &self,
        table: &str,
        key: (&str, &str),
        attribute: &str,
        value: AttributeValue,
    ) -> anyhow::Result<()> {
        self.client
            .update_item()
            .table_name(self.name(table)?)
            .key(key.0, text(key.1))
            .update_expression("SET #attribute = :value")
            .condition_expression("attribute_exists(#key)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_names("#key", key.0)
            .expression_attribute_values(":value", value)
            .send()
            .await?;
        Ok(())
    }

    /// Sets an attribute of a user.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn set_user(
        &self,
        person: &Person,
        attribute: &str,
        value: AttributeValue,
    ) -> anyhow::Result<()> {
        let key = person.key();
        self.set("UsersTable", ("pk", &key), attribute, value).await
    }

    /// Sets when a lane of login attempts will have drained.
    ///
    /// # Errors
    /// If there is no such counter.
    pub async fn fill_until(&self, key: &str, time: i64) -> anyhow::Result<()> {
        let (table, attribute) = ("LoginAttemptsTable", "tat");
        self.set(table, ("pk", key), attribute, number(time)).await
    }

    /// Moves a stored time of each of a person's sessions into the past.
    ///
    /// # Errors
    /// If a session has no such time.
    pub async fn age_sessions(
        &self,
        person: &Person,
        attribute: &str,
        seconds: i64,
    ) -> anyhow::Result<()> {
        for session in self.sessions_of(person).await? {
            let value = |name: &str| session.get(name).cloned();
            let sid = value("sid").and_then(|sid| sid.as_s().ok().cloned());
            let stored = value(attribute).and_then(|time| time.as_n().ok()?.parse().ok());
            let stored: i64 = stored.unwrap_or_default();
            ensure!(stored > 0, "a session without {attribute}: {session:?}");
            let (key, time) = (sid.unwrap_or_default(), number(stored - seconds));
            self.set("SessionsTable", ("sid", &key), attribute, time)
                .await?;
        }
        Ok(())
    }

    /// Returns every session of a person as it is stored.
    ///
    /// # Errors
    /// If the table is missing.
    pub async fn sessions_of(&self, person: &Person) -> anyhow::Result<Vec<Item>> {
        let mut sessions = self.scan("SessionsTable").await?;
        sessions.retain(|session| session.get("sub") == Some(&text(&person.id)));
        Ok(sessions)
    }

    /// Puts an item as it is.
    ///
    /// # Errors
    /// If the table is missing.
    pub async fn put(&self, table: &str, item: Item) -> anyhow::Result<()> {
        let name = self.name(table)?;
        self.client
            .put_item()
            .table_name(name)
            .set_item(Some(item))
            .send()
            .await?;
        Ok(())
    }

    /// Deletes an item.
    ///
    /// # Errors
    /// If the table is missing.
    pub async fn delete(&self, table: &str, key: (&str, &str)) -> anyhow::Result<()> {
        let delete = self.client.delete_item().table_name(self.name(table)?);
        delete.key(key.0, text(key.1)).send().await?;
        Ok(())
    }

    /// Returns every item of a table.
    ///
    /// # Errors
    /// If the table is missing.
    pub async fn scan(&self, table: &str) -> anyhow::Result<Vec<Item>> {
        let pages = self.client.scan().table_name(self.name(table)?);
        let mut items = pages.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item?);
        }
        Ok(found)
    }

    /// Opens the users table as the functions do.
    ///
    /// # Errors
    /// If the table is missing.
    pub fn users(&self) -> anyhow::Result<Users> {
        let name = self.name("UsersTable")?;
        Ok(Users::new(self.client.clone(), name.to_owned()))
    }

    /// Opens the tables of accounts as the functions do.
    ///
    /// # Errors
    /// If a table is missing.
    pub fn accounts(&self) -> anyhow::Result<Accounts> {
        let sessions = self.name("SessionsTable")?.to_owned();
        let revocations = self.name("RevocationsTable")?.to_owned();
        Ok(Accounts::new(
            self.users()?,
            Sessions::new(self.client.clone(), sessions),
            Revocations::new(self.client.clone(), revocations),
        ))
    }

    fn name(&self, table: &str) -> anyhow::Result<&str> {
        let name = self.service.table(table);
        ensure!(!name.is_empty(), "the template has no table {table}");
        Ok(name)
    }
}
