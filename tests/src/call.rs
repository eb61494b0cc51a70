//! A call to AWS as IAM sees it: the caller, the action, the resource.

use std::collections::BTreeMap;

use serde_json::Value;

/// One permission that a call needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The access key id that the call was signed with.
    pub key: String,
    /// The action as policies name it, such as `dynamodb:PutItem`.
    pub action: String,
    /// The table, `TABLE/index/INDEX`, the secret or the queue, as the call names it; `SES` for
    /// all of SES.
    pub resource: String,
}

/// Reads the permissions that a call needs from its headers and body; none if it is not
/// a call to DynamoDB, Secrets Manager, SQS or SES.
///
/// A transaction needs those of its parts, `PutItem`, `UpdateItem` and so on: IAM has no
/// action for the whole.
#[must_use]
pub fn uses(authorization: &str, target: &str, body: &Value) -> Vec<Use> {
    let key = authorization
        .split_once("Credential=")
        .and_then(|(_, rest)| rest.split('/').next())
        .unwrap_or_default();
    let Some((service, operation)) = target.split_once('.') else {
        return vec![];
    };
    let rights = match service {
        "DynamoDB_20120810" => of_tables(operation, body),
        "secretsmanager" => vec![(
            format!("secretsmanager:{operation}"),
            text(body, "SecretId"),
        )],
        "AmazonSQS" => vec![(format!("sqs:{operation}"), text(body, "QueueUrl"))],
        SES => vec![(format!("ses:{operation}"), SES.to_owned())],
        _ => vec![],
    };
    let named = |(action, resource)| Use {
        key: key.to_owned(),
        action,
        resource,
    };
    rights.into_iter().map(named).collect()
}

/// Returns the target of a call to SES, which has a path instead of a header; none for other
/// paths. An identity, configuration set or template is no part of it.
#[must_use]
pub fn ses_target(method: &str, path: &str) -> Option<String> {
    let path = path.strip_prefix("/v2/email/")?;
    let operation = match (
        method,
        path.split_once('/').map_or(path, |(first, _)| first),
    ) {
        ("POST", "outbound-emails") => "SendEmail",
        ("GET", "account") => "GetAccount",
        ("GET", "suppression") => "GetSuppressedDestination",
        // Unknown to the comparison, which shows it.
        (_, other) => return Some(format!("{SES}.{method} {other}")),
    };
    Some(format!("{SES}.{operation}"))
}

/// The resource of calls to SES, whose policies name identities by patterns.
pub const SES: &str = "SES";

fn of_tables(operation: &str, body: &Value) -> Vec<(String, String)> {
    let action = |name: &str| format!("dynamodb:{name}");
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            let parts = body["TransactItems"].as_array().into_iter().flatten();
            let members = parts.filter_map(Value::as_object).flatten();
            members
                .map(|(kind, part)| (action(part_action(kind)), text(part, "TableName")))
                .collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables
                .map(|(table, _)| (action(operation), table.clone()))
                .collect()
        }
        _ => {
            let table = text(body, "TableName");
            let resource = match body["IndexName"].as_str() {
                Some(index) => format!("{table}/index/{index}"),
                None => table,
            };
            vec![(action(operation), resource)]
        }
    }
}

fn part_action(kind: &str) -> &str {
    match kind {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "Get" => "GetItem",
        "ConditionCheck" => "ConditionCheckItem",
        other => other,
    }
}

/// What a call cost, according to DynamoDB.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// Read units.
    pub reads: f64,
    /// Write units.
    pub writes: f64,
    /// True if it read the published keys, which a function does every few seconds,
    /// whatever the request.
    pub is_of_keys: bool,
    /// True if it read a client, which `introspect` does every ten seconds.
    pub is_of_client: bool,
}

/// Reads the cost of a call from its response.
#[must_use]
pub fn cost(operation: &str, request: &Value, response: &Value) -> Cost {
    let consumed = &response["ConsumedCapacity"];
    let units: f64 = match consumed.as_array() {
        Some(tables) => tables.iter().map(units).sum(),
        None => units(consumed),
    };
    let key = request.pointer("/Key/pk/S").and_then(Value::as_str);
    let is_read = ["GetItem", "BatchGetItem", "Query", "Scan"].contains(&operation);
    Cost {
        operation: operation.to_owned(),
        reads: if is_read { units } else { 0.0 },
        writes: if is_read { 0.0 } else { units },
        is_of_keys: key == Some("jwks"),
        is_of_client: key.is_some_and(|key| key.starts_with("client#")),
    }
}

fn units(consumed: &Value) -> f64 {
    consumed["CapacityUnits"].as_f64().unwrap_or_default()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

/// Formats permissions for people: `login dynamodb:GetItem UsersTable`.
#[derive(Debug, Default)]
pub struct Names {
    /// Access key ids to functions.
    pub keys: BTreeMap<String, String>,
    /// Names and ARNs of resources to their logical ids.
    pub resources: BTreeMap<String, String>,
}

impl Names {
    /// Formats a use as its function, action and the resource's logical id. An unknown
    /// key or resource stays as it is, so that a comparison shows it.
    #[must_use]
    pub fn readable(&self, used: &Use) -> String {
        let function = self.keys.get(&used.key).unwrap_or(&used.key);
        let (name, index) = match used.resource.split_once("/index/") {
            Some((table, index)) => (table, format!("/index/{index}")),
            None => (used.resource.as_str(), String::new()),
        };
        let resource = self.resources.get(name).map_or(name, String::as_str);
        format!("{function} {} {resource}{index}", used.action)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x";

    fn rights(target: &str, body: &Value) -> Vec<String> {
        let uses = uses(SIGNED, target, body);
        assert!(uses.iter().all(|used| used.key == "AKIAX"));
        let names = Names {
            keys: [("AKIAX".to_owned(), "login".to_owned())].into(),
            resources: [("t-1".to_owned(), "Users".to_owned())].into(),
        };
        uses.iter().map(|used| names.readable(used)).collect()
    }

    #[test]
    fn a_transaction_is_its_parts_and_an_index_is_named() {
        let transaction = json!({ "TransactItems": [
            { "Put": { "TableName": "t-1" } }, { "Update": { "TableName": "t-2" } },
            { "ConditionCheck": { "TableName": "t-1" } },
        ] });
        assert_eq!(
            rights("DynamoDB_20120810.TransactWriteItems", &transaction),
            [
                "login dynamodb:PutItem Users",
                "login dynamodb:UpdateItem t-2",
                "login dynamodb:ConditionCheckItem Users"
            ]
        );
        let query = json!({ "TableName": "t-1", "IndexName": "by-user" });
        assert_eq!(
            rights("DynamoDB_20120810.Query", &query),
            ["login dynamodb:Query Users/index/by-user"]
        );
        let batch = json!({ "RequestItems": { "t-1": {}, "t-2": {} } });
        assert_eq!(rights("DynamoDB_20120810.BatchGetItem", &batch).len(), 2);
        let secret = json!({ "SecretId": "arn:x" });
        assert_eq!(
            rights("secretsmanager.GetSecretValue", &secret),
            ["login secretsmanager:GetSecretValue arn:x"]
        );
        assert!(rights("Logs_20140328.PutLogEvents", &json!({})).is_empty());
        let message = json!({ "QueueUrl": "https://queue", "MessageBody": "{}" });
        assert_eq!(
            rights("AmazonSQS.SendMessage", &message),
            ["login sqs:SendMessage https://queue"]
        );
    }

    #[test]
    fn a_call_to_ses_is_known_by_its_path() {
        for (method, path, used) in [
            (
                "POST",
                "/v2/email/outbound-emails",
                "login ses:SendEmail SES",
            ),
            ("GET", "/v2/email/account", "login ses:GetAccount SES"),
            (
                "GET",
                "/v2/email/suppression/addresses/a@example.org",
                "login ses:GetSuppressedDestination SES",
            ),
            (
                "DELETE",
                "/v2/email/identities/x",
                "login ses:DELETE identities SES",
            ),
        ] {
            let target = ses_target(method, path).unwrap_or_default();
            assert_eq!(rights(&target, &Value::Null), [used]);
        }
        assert_eq!(ses_target("POST", "/"), None);
    }

    #[test]
    fn the_cost_of_a_transaction_is_that_of_all_its_tables() {
        let response =
            json!({ "ConsumedCapacity": [{ "CapacityUnits": 4.0 }, { "CapacityUnits": 2.0 }] });
        let cost = cost("TransactWriteItems", &Value::Null, &response);
        assert!((cost.writes - 6.0).abs() < f64::EPSILON, "{cost:?}");
        assert!(cost.reads.abs() < f64::EPSILON, "{cost:?}");
    }
}
