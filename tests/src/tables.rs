//! The tables beneath a service: for moving a stored clock, and for looking.

use std::collections::HashMap;

use anyhow::ensure;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_store::{Accounts, Revocations, Sessions, Users};

use crate::service::Service;

/// A client of the service's embedded DynamoDB.
#[derive(Debug)]
pub struct Tables<'a> {
    service: &'a Service,
    client: Client,
}

/// An item as it is stored.
pub type Item = HashMap<String, AttributeValue>;

impl<'a> Tables<'a> {
    /// Opens a connection to the service's tables.
    #[must_use]
    pub fn of(service: &'a Service) -> Self {
        Self {
            service,
            client: service.tables(),
        }
    }

    /// Sets a number of an item, such as a stored time.
    ///
    /// # Errors
    /// When the table or the item is not there.
    pub async fn set_number(
        &self,
        table: &str,
        key: (&str, &str),
        attribute: &str,
        value: i64,
    ) -> anyhow::Result<()> {
        self.set(table, key, attribute, AttributeValue::N(value.to_string()))
            .await
    }

    /// Sets an attribute of an item that is there.
    ///
    /// # Errors
    /// When the table or the item is not there.
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
            .key(key.0, AttributeValue::S(key.1.to_owned()))
            .update_expression("SET #attribute = :value")
            .condition_expression("attribute_exists(#key)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_names("#key", key.0)
            .expression_attribute_values(":value", value)
            .send()
            .await?;
        Ok(())
    }

    /// Puts an item as it stands.
    ///
    /// # Errors
    /// When the table is not there.
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

    /// Returns every item of a table.
    ///
    /// # Errors
    /// When the table is not there.
    pub async fn scan(&self, table: &str) -> anyhow::Result<Vec<Item>> {
        let pages = self.client.scan().table_name(self.name(table)?);
        let mut items = pages.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item?);
        }
        Ok(found)
    }

    /// Opens the table of users as the functions do.
    ///
    /// # Errors
    /// When the table is not there.
    pub fn users(&self) -> anyhow::Result<Users> {
        let name = self.name("UsersTable")?;
        Ok(Users::new(self.client.clone(), name.to_owned()))
    }

    /// Opens the tables of accounts as the functions do.
    ///
    /// # Errors
    /// When a table is not there.
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
