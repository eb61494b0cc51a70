//! Checks that the tables of a deployed stack are configured as in the template.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus};
use serde_json::Value;

use super::finding::Finding;
use super::resources::Resource;

/// Checks deletion protection, recovery and the expiry of items of one table.
pub(super) async fn findings(client: &Client, table: &Resource, protects: bool) -> Vec<Finding> {
    let about = table.id.as_str();
    if let Some(missing) = table.missing() {
        return vec![missing];
    }
    let mut found = Vec::new();
    match is_protected(client, &table.physical).await {
        Err(error) => found.push(table.unreadable(&error)),
        Ok(is) if is == protects => {}
        Ok(_) => found.push(Finding::warn(
            about,
            "deletion protection does not match ProtectData: deploy again",
        )),
    }
    if declares(&table.properties, "PointInTimeRecoverySpecification") && protects {
        match is_recoverable(client, &table.physical).await {
            Err(error) => found.push(table.unreadable(&error)),
            Ok(true) => {}
            Ok(false) => found.push(Finding::fail(
                about,
                "point-in-time recovery is off: turn it on, or deploy again",
            )),
        }
    }
    if declares(&table.properties, "TimeToLiveSpecification") {
        match expires(client, &table.physical).await {
            Err(error) => found.push(table.unreadable(&error)),
            Ok(true) => {}
            Ok(false) => found.push(Finding::warn(
                about,
                "time to live is off, so items never expire and the table keeps growing: deploy again",
            )),
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(
            about,
            "protection, recovery and expiry match the template",
        ));
    }
    found
}

fn declares(properties: &Value, name: &str) -> bool {
    properties.get(name).is_some()
}

async fn is_protected(client: &Client, name: &str) -> anyhow::Result<bool> {
    let described = client.describe_table().table_name(name).send().await?;
    let table = described.table();
    Ok(table
        .and_then(TableDescription::deletion_protection_enabled)
        .unwrap_or(false))
}

async fn is_recoverable(client: &Client, name: &str) -> anyhow::Result<bool> {
    let described = client.describe_continuous_backups().table_name(name);
    let described = described.send().await?;
    let backups = described.continuous_backups_description();
    let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description());
    let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status());
    Ok(status == Some(&PointInTimeRecoveryStatus::Enabled))
}

async fn expires(client: &Client, name: &str) -> anyhow::Result<bool> {
    let described = client
        .describe_time_to_live()
        .table_name(name)
        .send()
        .await?;
    let expiry = described.time_to_live_description();
    let status = expiry.and_then(|expiry| expiry.time_to_live_status());
    Ok(matches!(
        status,
        Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
    ))
}
