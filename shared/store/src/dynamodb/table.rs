//! One table: reads, conditional writes and pages of it, with the errors of this crate.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::Update;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::de::DeserializeOwned;

use crate::dynamodb::error::{Cause, StoreError};
use crate::dynamodb::item::{self, Item, text};

/// A table by its name.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: Client,
    name: String,
}

/// What a conditional write came to.
#[derive(Debug)]
pub(crate) enum Write {
    /// It is written; the attributes that the request wanted back.
    Done(Item),
    /// The condition failed; the item that failed it, if the request wanted it back.
    Refused(Option<Item>),
}

impl Write {
    /// True if it is written.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Some of the items of a scan or a query, and where the next ones begin.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) next: Option<Item>,
}

/// A scan of the items whose `pk` has a prefix.
#[derive(Debug, Default)]
pub(crate) struct Scan<'a> {
    pub(crate) prefix: &'a str,
    /// The attributes to read; all of them if there are none.
    pub(crate) attributes: &'a [&'a str],
    pub(crate) consistent: bool,
    /// The number of items to look at, matching or not.
    pub(crate) limit: Option<i32>,
    /// The key after which to begin.
    pub(crate) start: Option<Item>,
}

impl Table {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads an item, consistently.
    pub(crate) async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem", error))?;
        Ok(read.item)
    }

    /// Puts a whole item; `with` adds the condition.
    pub(crate) async fn put(
        &self,
        item: Item,
        with: impl FnOnce(PutItemFluentBuilder) -> PutItemFluentBuilder,
    ) -> Result<Write, StoreError> {
        let put = self.client.put_item().table_name(&self.name);
        match with(put.set_item(Some(item))).send().await {
            Ok(done) => Ok(Write::Done(done.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(Write::Refused(refusal.item.clone()))
                }
                _ => Err(StoreError::from_sdk("PutItem", error)),
            },
        }
    }

    /// Updates an item; `with` adds the expressions.
    pub(crate) async fn update(
        &self,
        key: Item,
        with: impl FnOnce(UpdateItemFluentBuilder) -> UpdateItemFluentBuilder,
    ) -> Result<Write, StoreError> {
        let update = self.client.update_item().table_name(&self.name);
        updated(with(update.set_key(Some(key))).send().await)
    }

    /// Writes an update that could also be a part of a transaction, which would cost twice as
    /// much.
    pub(crate) async fn write_update(&self, update: Update) -> Result<Write, StoreError> {
        let returned = update.return_values_on_condition_check_failure;
        let sent = self
            .client
            .update_item()
            .table_name(update.table_name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .set_return_values_on_condition_check_failure(returned)
            .send();
        updated(sent.await)
    }

    /// Updates an item as [`update`](Self::update) does, but the SDK repeats nothing: for
    /// an update that must not be made twice, and may be lost.
    pub(crate) async fn update_once(
        &self,
        key: Item,
        with: impl FnOnce(UpdateItemFluentBuilder) -> UpdateItemFluentBuilder,
    ) -> Result<Write, StoreError> {
        let update = self.client.update_item().table_name(&self.name);
        let once = aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled());
        let update = with(update.set_key(Some(key))).customize();
        updated(update.config_override(once).send().await)
    }

    /// Deletes an item; `with` adds the condition.
    pub(crate) async fn delete(
        &self,
        key: Item,
        with: impl FnOnce(DeleteItemFluentBuilder) -> DeleteItemFluentBuilder,
    ) -> Result<Write, StoreError> {
        let delete = self.client.delete_item().table_name(&self.name);
        match with(delete.set_key(Some(key))).send().await {
            Ok(done) => Ok(Write::Done(done.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(Write::Refused(refusal.item.clone()))
                }
                _ => Err(StoreError::from_sdk("DeleteItem", error)),
            },
        }
    }

    /// Reads a page of a query; `with` adds the index and the expressions.
    pub(crate) async fn query(
        &self,
        start: Option<Item>,
        with: impl FnOnce(QueryFluentBuilder) -> QueryFluentBuilder,
    ) -> Result<Page, StoreError> {
        let query = self.client.query().table_name(&self.name);
        let page = with(query.set_exclusive_start_key(start))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("Query", error))?;
        Ok(Page {
            items: page.items.unwrap_or_default(),
            next: page.last_evaluated_key,
        })
    }

    /// Reads a page of a scan.
    pub(crate) async fn scan(&self, scan: Scan<'_>) -> Result<Page, StoreError> {
        let mut request = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(scan.consistent)
            .filter_expression("begins_with(#pk, :prefix)")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_values(":prefix", text(scan.prefix))
            .set_limit(scan.limit)
            .set_exclusive_start_key(scan.start);
        for attribute in scan.attributes {
            request = request.expression_attribute_names(format!("#{attribute}"), *attribute);
        }
        if !scan.attributes.is_empty() {
            request = request.projection_expression(format!("#{}", scan.attributes.join(", #")));
        }
        let page = request
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("Scan", error))?;
        Ok(Page {
            items: page.items.unwrap_or_default(),
            next: page.last_evaluated_key,
        })
    }
    /// Reads a struct from an item. Errors name the item by `key`.
    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        key: &str,
        item: Item,
    ) -> Result<T, StoreError> {
        item::decode(&self.name, key, item)
    }

    /// Builds the error for an item whose attribute is not what it must be.
    pub(crate) fn corrupt(
        &self,
        key: &str,
        attribute: &str,
        source: impl Into<Cause>,
    ) -> StoreError {
        item::corrupt(&self.name, key, attribute, source)
    }
}

fn updated(
    sent: Result<UpdateItemOutput, SdkError<UpdateItemError, HttpResponse>>,
) -> Result<Write, StoreError> {
    match sent {
        Ok(done) => Ok(Write::Done(done.attributes.unwrap_or_default())),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                Ok(Write::Refused(refusal.item.clone()))
            }
            _ => Err(StoreError::from_sdk("UpdateItem", error)),
        },
    }
}
