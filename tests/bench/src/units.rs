//! How many units DynamoDB would charge for a call, by its published rules: a read for every
//! 4 KB of an item, half of one if it is eventually consistent; a write for every 1 KB of an
//! item, two in a transaction.

use std::ops::AddAssign;

use anyhow::Context;
use serde_json::{Map, Value};

use crate::items::{Items, member};

/// Units of a call, or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Units {
    /// An eventually consistent read of up to 4 KB.
    pub(crate) half_reads: u64,
    /// A write of up to 1 KB.
    pub(crate) writes: u64,
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.half_reads = self.half_reads.saturating_add(other.half_reads);
        self.writes = self.writes.saturating_add(other.writes);
    }
}

impl Units {
    /// Returns what a call costs; nothing if it is not one of DynamoDB.
    ///
    /// # Errors
    /// If the request lacks a member.
    pub(crate) fn of(operation: &str, request: &Value, items: &Items) -> anyhow::Result<Self> {
        let mut units = Self::default();
        match operation {
            "GetItem" => {
                let item = items.find(table(request)?, member(request, "Key")?);
                units.read(item.map_or(0, size), is_consistent(request));
            }
            "BatchGetItem" => {
                for (table, wanted) in entries(request)? {
                    for key in list(member(wanted, "Keys")?) {
                        let item = items.find(table, key);
                        units.read(item.map_or(0, size), is_consistent(wanted));
                    }
                }
            }
            "Query" => units.read(0, is_consistent(request)),
            "Scan" => {
                let sizes = items.of_table(table(request)?).map(size);
                units.read(sizes.sum(), is_consistent(request));
            }
            "PutItem" | "DeleteItem" => units.write(request, items, 1, true)?,
            // The keys of the index never change.
            "UpdateItem" => units.write(request, items, 1, false)?,
            "BatchWriteItem" => {
                for (table, requests) in entries(request)? {
                    let requests = list(requests).filter_map(Value::as_object).flatten();
                    for (_, write) in requests {
                        units.write_to(table, write, items, 1, true)?;
                    }
                }
            }
            "TransactWriteItems" => {
                let parts = list(member(request, "TransactItems")?);
                for (kind, write) in parts.filter_map(Value::as_object).flatten() {
                    let has_index = matches!(kind.as_str(), "Put" | "Delete");
                    units.write(write, items, 2, has_index)?;
                }
            }
            _ => {}
        }
        Ok(units)
    }

    /// Adds a read of `bytes`; an item that is missing costs as much as a small one.
    fn read(&mut self, bytes: u64, is_consistent: bool) {
        let pages = bytes.div_ceil(READ_BYTES).max(1);
        let factor = if is_consistent { 2 } else { 1 };
        self.half_reads = self.half_reads.saturating_add(pages.saturating_mul(factor));
    }

    /// Adds a write of the larger one of the item before and after it, `factor` times, and of
    /// the table's index.
    fn write(
        &mut self,
        write: &Value,
        items: &Items,
        factor: u64,
        has_index: bool,
    ) -> anyhow::Result<()> {
        self.write_to(table(write)?, write, items, factor, has_index)
    }

    fn write_to(
        &mut self,
        table: &str,
        write: &Value,
        items: &Items,
        factor: u64,
        has_index: bool,
    ) -> anyhow::Result<()> {
        let new = write.get("Item");
        let key = new.or_else(|| write.get("Key"));
        let old = items.find(table, key.context("a write has no key")?);
        let old = old.map_or(0, size);
        // An update writes what was there and, at most, all of its values.
        let values = write.get("ExpressionAttributeValues").map_or(0, size);
        let bytes = old.saturating_add(values).max(new.map_or(0, size));
        let mut written = bytes.div_ceil(WRITE_BYTES).max(1);
        if has_index && table == INDEXED {
            written = written.saturating_add(1);
        }
        self.writes = self.writes.saturating_add(written.saturating_mul(factor));
        Ok(())
    }
}

/// Bytes.
const READ_BYTES: u64 = 4 * 1024;
const WRITE_BYTES: u64 = 1024;
/// The table with an index, of which a session is two writes.
const INDEXED: &str = "Sessions";

fn table(request: &Value) -> anyhow::Result<&str> {
    member(request, "TableName")?
        .as_str()
        .context("TableName is a string")
}

fn is_consistent(request: &Value) -> bool {
    request.get("ConsistentRead").and_then(Value::as_bool) == Some(true)
}

fn entries(request: &Value) -> anyhow::Result<&Map<String, Value>> {
    let entries = member(request, "RequestItems")?.as_object();
    entries.context("RequestItems is an object")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the size of an item: names and values.
fn size(item: &Value) -> u64 {
    let attributes = item.as_object().into_iter().flatten();
    let sizes = attributes.map(|(name, value)| length(name).saturating_add(value_size(value)));
    sizes.sum()
}

fn value_size(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), value) {
        ("N", Value::String(digits)) => length(digits).div_ceil(2).saturating_add(1),
        (_, Value::String(text)) => length(text),
        (_, Value::Array(values)) => {
            let sizes = values.iter().map(|value| match value.as_str() {
                Some(text) => length(text),
                None => value_size(value).saturating_add(1),
            });
            sizes.sum::<u64>().saturating_add(3)
        }
        (_, Value::Object(_)) => size(value).saturating_add(3),
        _ => 1,
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use gatehouse_auth::item_key::ItemKey;
    use serde_json::json;

    use super::*;

    fn units(operation: &str, request: &Value) -> (u64, u64) {
        let mut items = Items::default();
        let large = json!({ "text": "a".repeat(4 * 1024) });
        items
            .insert("Users", &ItemKey::username("large"), large)
            .unwrap();
        let units = Units::of(operation, request, &items).unwrap();
        (units.half_reads, units.writes)
    }

    fn key(name: &str) -> Value {
        json!({ "pk": { "S": name } })
    }

    #[test]
    fn a_read_costs_by_size_and_consistency() {
        let get = |name: &str, consistent: bool| {
            let request =
                json!({ "TableName": "Users", "Key": key(name), "ConsistentRead": consistent });
            units("GetItem", &request)
        };
        assert_eq!(get("missing", true), (2, 0));
        assert_eq!(get("missing", false), (1, 0));
        assert_eq!(get("username#large", true), (4, 0));
        let keys = [key("a"), key("b"), key("username#large")];
        let batch =
            json!({ "RequestItems": { "Users": { "Keys": keys, "ConsistentRead": true } } });
        assert_eq!(units("BatchGetItem", &batch), (8, 0));
        assert_eq!(units("Query", &json!({ "TableName": "Users" })), (1, 0));
        let scan = json!({ "TableName": "Users", "ConsistentRead": false });
        assert_eq!(units("Scan", &scan), (2, 0));
    }

    #[test]
    fn a_write_costs_by_the_larger_size_twice_in_a_transaction_and_once_more_for_the_index() {
        let put = json!({ "TableName": "Users", "Item": key("small") });
        assert_eq!(units("PutItem", &put), (0, 1));
        // What was there counts, even if it becomes smaller.
        let smaller = json!({ "TableName": "Users", "Item": key("username#large") });
        assert_eq!(units("PutItem", &smaller), (0, 5));
        let session = json!({ "TableName": "Sessions", "Item": { "sid": { "S": "x" } } });
        assert_eq!(units("PutItem", &session), (0, 2));
        let update = json!({
            "TableName": "Sessions",
            "Key": { "sid": { "S": "x" } },
            "UpdateExpression": "SET a = :a",
        });
        assert_eq!(units("UpdateItem", &update), (0, 1));
        let parts = [json!({ "Put": put }), json!({ "Update": update })];
        assert_eq!(
            units("TransactWriteItems", &json!({ "TransactItems": parts })),
            (0, 4)
        );
        let batch =
            json!({ "RequestItems": { "Users": [{ "DeleteRequest": { "Key": key("a") } }] } });
        assert_eq!(units("BatchWriteItem", &batch), (0, 1));
    }

    #[test]
    fn other_services_cost_no_units() {
        assert_eq!(units("GetSecretValue", &json!({})), (0, 0));
    }

    #[test]
    fn only_sessions_have_an_index_and_it_holds_only_keys() {
        let template = std::fs::read_to_string(crate::build::root().join("infra/template.yaml"));
        let template = template.unwrap();
        let (before, index) = template.split_once("IndexName: by-user").unwrap();
        assert!(
            before
                .trim_end()
                .lines()
                .rev()
                .any(|line| line == "  SessionsTable:")
        );
        assert!(!index.contains("IndexName:"));
        let (projection, _) = index.split_once("SSESpecification").unwrap();
        assert!(projection.contains("ProjectionType: KEYS_ONLY"));
    }
}
