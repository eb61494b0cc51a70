//! The embedded DynamoDB over plain HTTP: no client that repeats a call, and items as JSON.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client;
use serde_json::{Value, json};

/// A connection to the tables.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDb {
    client: Client,
    url: String,
}

/// The embedded DynamoDB requires a signature, and does not verify it.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=00";

impl DynamoDb {
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20));
        Ok(Self {
            client: client.build()?,
            url: url.to_owned(),
        })
    }

    /// Makes a call.
    ///
    /// # Errors
    /// If it is not acknowledged.
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .client
            .post(&self.url)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", SIGNED)
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string());
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("{operation}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Reads every item of a table.
    ///
    /// # Errors
    /// If the table is missing.
    pub(crate) async fn scan(&self, table: &str) -> anyhow::Result<Vec<Value>> {
        self.all(
            "Scan",
            json!({ "TableName": table, "ConsistentRead": true }),
        )
        .await
    }

    /// Reads every item that an index has for a key.
    ///
    /// # Errors
    /// If the table is missing.
    pub(crate) async fn query(
        &self,
        table: &str,
        index: (&str, &str, &str),
    ) -> anyhow::Result<Vec<Value>> {
        let (index, name, value) = index;
        let request = json!({
            "TableName": table,
            "IndexName": index,
            "KeyConditionExpression": "#name = :value",
            "ExpressionAttributeNames": { "#name": name },
            "ExpressionAttributeValues": { ":value": { "S": value } },
        });
        self.all("Query", request).await
    }

    async fn all(&self, operation: &str, mut request: Value) -> anyhow::Result<Vec<Value>> {
        let mut found = Vec::new();
        loop {
            let mut page = self.call(operation, &request).await?;
            let items = page["Items"].as_array_mut().context("no items")?;
            found.append(items);
            if page["LastEvaluatedKey"].is_null() {
                return Ok(found);
            }
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
        }
    }
}
