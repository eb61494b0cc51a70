//! What the stand-in for DynamoDB and Secrets Manager knows: items that no call changes.
//!
//! Every call sees the same state, so that the thousandth one does what the first one did.
//! Writes succeed and change nothing, and an update returns what it would have written.

use std::collections::HashMap;

use anyhow::{Context, bail};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::Message;
use gatehouse_auth::session::Session;
use serde_json::{Map, Value, json};

/// The items by table and key, and the secret.
#[derive(Debug, Default)]
pub(crate) struct Items {
    by_key: HashMap<(String, String), Value>,
    /// The secret that holds the key ring.
    pub(crate) secret: String,
}

impl Items {
    /// Adds an item, given as the JSON of the struct that the store would encode.
    pub(crate) fn insert(&mut self, table: &str, key: &ItemKey, item: Value) -> anyhow::Result<()> {
        let mut item = item;
        let members = item.as_object_mut().context("an item is an object")?;
        members.insert("pk".to_owned(), key.as_str().into());
        let attributes = encode_members(members);
        self.put(table, key.as_str(), attributes);
        Ok(())
    }

    /// Adds a session, whose key is its own attribute `sid`.
    pub(crate) fn insert_session(&mut self, table: &str, session: &Session) -> anyhow::Result<()> {
        let item = serde_json::to_value(session)?;
        let members = item.as_object().context("an item is an object")?;
        self.put(table, session.sid.as_str(), encode_members(members));
        Ok(())
    }

    /// Adds a message, whose key has two parts.
    pub(crate) fn insert_message(
        &mut self,
        table: &str,
        (pk, sk): (&str, &str),
        message: &Message,
    ) -> anyhow::Result<()> {
        let item = serde_json::to_value(message)?;
        let members = item.as_object().context("an item is an object")?;
        self.put(
            table,
            &format!("{pk}{SEPARATOR}{sk}"),
            encode_members(members),
        );
        Ok(())
    }

    fn put(&mut self, table: &str, key: &str, attributes: Map<String, Value>) {
        let key = (table.to_owned(), key.to_owned());
        self.by_key.insert(key, Value::Object(attributes));
    }

    /// Responds to a call.
    ///
    /// # Errors
    /// If the operation is unknown, or the request lacks a member.
    pub(crate) fn respond(&self, operation: &str, request: &Value) -> anyhow::Result<Value> {
        Ok(match operation {
            "GetItem" => match self.find(table(request)?, member(request, "Key")?) {
                Some(item) => json!({ "Item": item }),
                None => json!({}),
            },
            "BatchGetItem" => self.batch(request)?,
            "Query" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
            "Scan" => self.scan(request)?,
            "UpdateItem" => self.update(request)?,
            "PutItem" | "DeleteItem" | "TransactWriteItems" => json!({}),
            "BatchWriteItem" => json!({ "UnprocessedItems": {} }),
            "GetSecretValue" => json!({
                "ARN": SECRET_ARN,
                "Name": "key-ring",
                "SecretString": self.secret,
                "VersionId": VERSION,
                "VersionStages": ["AWSCURRENT"],
            }),
            // Of the day's quota, a hundredth is used.
            "GetAccount" => {
                json!({ "SendQuota": { "Max24HourSend": 50_000.0, "SentLast24Hours": 500.0 } })
            }
            "SendEmail" => json!({ "MessageId": "0100017a-0000-4000-8000-000000000000" }),
            // No rotation is under way.
            "DescribeSecret" => json!({
                "ARN": SECRET_ARN,
                "VersionIdsToStages": { VERSION: ["AWSCURRENT"] },
            }),
            "PutSecretValue" => json!({ "ARN": SECRET_ARN, "VersionStages": ["AWSPENDING"] }),
            other => bail!("the operation `{other}` is not supported"),
        })
    }

    /// Returns the item with a key, which may be a whole item.
    pub(crate) fn find(&self, table: &str, key: &Value) -> Option<&Value> {
        let part = |name: &str| key.get(name)?.get("S")?.as_str();
        let first = part("pk").or_else(|| part("sid"))?;
        let key = match part("sk") {
            Some(second) => format!("{first}{SEPARATOR}{second}"),
            None => first.to_owned(),
        };
        self.by_key.get(&(table.to_owned(), key))
    }

    /// Returns the items of a table.
    pub(crate) fn of_table(&self, table: &str) -> impl Iterator<Item = &Value> {
        let is_of_table = move |(key, _): &(&(String, String), &Value)| key.0 == table;
        self.by_key.iter().filter(is_of_table).map(|(_, item)| item)
    }

    /// Returns the items whose key begins with `:prefix`.
    fn scan(&self, request: &Value) -> anyhow::Result<Value> {
        let prefix = request.pointer("/ExpressionAttributeValues/:prefix/S");
        let prefix = prefix
            .and_then(Value::as_str)
            .context("a scan has a prefix")?;
        let scanned: Vec<&Value> = self.of_table(table(request)?).collect();
        let matches = |item: &&&Value| {
            let key = item.pointer("/pk/S").and_then(Value::as_str);
            key.is_some_and(|key| key.starts_with(prefix))
        };
        let found: Vec<&&Value> = scanned.iter().filter(matches).collect();
        Ok(json!({ "Items": found, "Count": found.len(), "ScannedCount": scanned.len() }))
    }

    fn batch(&self, request: &Value) -> anyhow::Result<Value> {
        let tables = member(request, "RequestItems")?.as_object();
        let mut responses = Map::new();
        for (table, wanted) in tables.context("RequestItems is an object")? {
            let keys = member(wanted, "Keys")?
                .as_array()
                .context("Keys is a list")?;
            let found = keys.iter().filter_map(|key| self.find(table, key)).cloned();
            responses.insert(table.clone(), found.collect());
        }
        Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
    }

    /// Applies `SET name = :value`, which is what an update that returns the item does here.
    fn update(&self, request: &Value) -> anyhow::Result<Value> {
        if request.get("ReturnValues").and_then(Value::as_str) != Some("ALL_NEW") {
            return Ok(json!({}));
        }
        let key = member(request, "Key")?;
        let mut item = self
            .find(table(request)?, key)
            .and_then(Value::as_object)
            .or_else(|| key.as_object())
            .cloned()
            .context("Key is an object")?;
        let expression = member(request, "UpdateExpression")?
            .as_str()
            .unwrap_or_default();
        let set = expression.split("REMOVE").next().unwrap_or_default();
        let set = set.trim().trim_start_matches("SET ");
        for (name, value) in set.split(',').filter_map(|part| part.split_once('=')) {
            let (name, value) = (name.trim(), value.trim());
            let substituted = request.pointer(&format!("/ExpressionAttributeNames/{name}"));
            let name = substituted.and_then(Value::as_str).unwrap_or(name);
            let value = request
                .pointer(&format!("/ExpressionAttributeValues/{value}"))
                .with_context(|| format!("`{expression}` is more than assignments"))?;
            item.insert(name.to_owned(), value.clone());
        }
        Ok(json!({ "Attributes": item }))
    }
}

/// The ARN of the secret, in the functions' environment, in events and in responses.
pub(crate) const SECRET_ARN: &str =
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:gatehouse-key-ring-AbCdEf";
/// The secret's only version.
const VERSION: &str = "00000000-0000-4000-8000-000000000000";
/// Between the parts of a key.
const SEPARATOR: char = '\n';

pub(crate) fn member<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    value
        .get(name)
        .with_context(|| format!("the request has no `{name}`"))
}

fn table(request: &Value) -> anyhow::Result<&str> {
    let name = member(request, "TableName")?;
    name.as_str().context("TableName is a string")
}

/// Returns a value as DynamoDB writes it.
fn encode(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(boolean) => json!({ "BOOL": boolean }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.iter().map(encode).collect::<Vec<_>>() }),
        Value::Object(members) => json!({ "M": encode_members(members) }),
    }
}

fn encode_members(members: &Map<String, Value>) -> Map<String, Value> {
    let encoded = members
        .iter()
        .map(|(name, value)| (name.clone(), encode(value)));
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use gatehouse_auth::id::SubjectId;
    use gatehouse_auth::mail::{MessageKind, Origin};
    use gatehouse_auth::time::Timestamp;

    use super::*;

    fn items() -> Items {
        let mut items = Items::default();
        let item = json!({ "count": 1, "tags": ["x"], "inner": { "on": true } });
        let key = ItemKey::username("a");
        items.insert("Things", &key, item).unwrap();
        items
    }

    fn expected() -> Value {
        json!({
            "pk": { "S": "username#a" },
            "count": { "N": "1" },
            "tags": { "L": [{ "S": "x" }] },
            "inner": { "M": { "on": { "BOOL": true } } },
        })
    }

    #[test]
    fn an_item_is_found_by_its_key_and_a_missing_one_is_absent() {
        let get = |key: &str| {
            let request = json!({ "TableName": "Things", "Key": { "pk": { "S": key } } });
            items().respond("GetItem", &request).unwrap()
        };
        assert_eq!(get("username#a"), json!({ "Item": expected() }));
        assert_eq!(get("b"), json!({}));
    }

    #[test]
    fn a_batch_returns_the_items_that_exist() {
        let keys = json!([{ "pk": { "S": "b" } }, { "pk": { "S": "username#a" } }]);
        let request = json!({ "RequestItems": { "Things": { "Keys": keys } } });
        let response = items().respond("BatchGetItem", &request).unwrap();
        assert_eq!(
            response,
            json!({ "Responses": { "Things": [expected()] }, "UnprocessedKeys": {} })
        );
    }

    #[test]
    fn a_scan_returns_the_items_with_the_prefix() {
        let scan = |prefix: &str| {
            let values = json!({ ":prefix": { "S": prefix } });
            let request = json!({ "TableName": "Things", "ExpressionAttributeValues": values });
            items().respond("Scan", &request).unwrap()
        };
        assert_eq!(scan("username#")["Items"], json!([expected()]));
        assert_eq!(scan("user#")["Items"], json!([]));
        assert_eq!(scan("user#")["ScannedCount"], 1);
    }

    #[test]
    fn a_message_is_found_by_both_parts_of_its_key() {
        let sub = SubjectId::from_bytes([1; 16]);
        let now = Timestamp::from_unix(1_800_000_000);
        let kind = MessageKind::PasswordChanged;
        let message = Message::new(kind, &sub, 1, Origin::Session, now);
        let mut items = Items::default();
        items
            .insert_message("Outbox", ("a", "b"), &message)
            .unwrap();
        let find = |sk: &str| {
            let key = json!({ "pk": { "S": "a" }, "sk": { "S": sk } });
            items.find("Outbox", &key).is_some()
        };
        assert_eq!((find("b"), find("c")), (true, false));
    }

    #[test]
    fn an_update_returns_what_it_would_have_written() {
        let request = json!({
            "TableName": "Things",
            "Key": { "pk": { "S": "username#a" } },
            "UpdateExpression": "SET #count = :two, seen = :now REMOVE tags",
            "ExpressionAttributeNames": { "#count": "count" },
            "ExpressionAttributeValues": { ":two": { "N": "2" }, ":now": { "N": "9" } },
            "ReturnValues": "ALL_NEW",
        });
        let response = items().respond("UpdateItem", &request).unwrap();
        assert_eq!(response.pointer("/Attributes/count/N"), Some(&json!("2")));
        assert_eq!(response.pointer("/Attributes/seen/N"), Some(&json!("9")));
    }

    #[test]
    fn an_unknown_operation_is_an_error() {
        let error = items().respond("CreateTable", &json!({})).unwrap_err();
        let expected = "the operation `CreateTable` is not supported";
        assert_eq!(error.to_string(), expected);
    }
}
