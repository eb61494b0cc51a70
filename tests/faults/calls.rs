//! What every call to DynamoDB has in common, whichever operation makes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;

use crate::fault::Fault;
use crate::functions::Function;
use crate::injection::Made;
use crate::matrix::Baseline;
use crate::operation::{Operation, operations};
use crate::page::{block_on, in_parallel};
use crate::people::Beginning;
use crate::world::World;

/// A call of an operation without faults.
struct Seen {
    operation: &'static Operation,
    made: Made,
}

/// A write of one item.
struct Write<'a> {
    action: &'a str,
    table: String,
    part: &'a Value,
}

/// The reads that may be late, and why.
const LATE: [(&str, &str); 2] = [
    (
        "Query Sessions",
        "an index is always late; what it misses is refused by the user's version",
    ),
    (
        "Scan Users",
        "the list of users that administrators page through",
    ),
];
/// The writes without a condition, and why they need none.
const UNCONDITIONAL: [(&str, &str); 8] = [
    (
        "Delete SessionsTable",
        "a session that a login ends; the transaction revokes its tokens too",
    ),
    ("DeleteRequest LoginAttemptsTable", DELETED),
    ("DeleteRequest OutboxTable", DELETED),
    ("DeleteRequest SessionsTable", DELETED),
    ("Put OutboxTable", NEW),
    (
        "Put RevocationsTable",
        "a later revocation of the same session or user lasts longer",
    ),
    ("PutItem OutboxTable", NEW),
    (
        "Update UsersTable",
        "counts the administrators, in a transaction that is conditional on the user",
    ),
];
const DELETED: &str = "what is left of a user whose item is deleted, on a condition";
const NEW: &str = "a message has a random id, and replaces none";
/// The reads of an index by operations that everyone makes, and why they decide nothing.
const INDEXES: [(&str, &str); 1] = [(
    "Query Sessions",
    "a login looks for its surplus sessions, and succeeds without",
)];

#[test]
fn every_read_of_a_decision_is_consistent() {
    let (mut late, mut checked) = (BTreeSet::new(), 0);
    for Seen { made, .. } in calls() {
        let body = &made.body;
        let is_consistent = |read: &Value| read["ConsistentRead"] == true;
        let consistent = match action(made) {
            "GetItem" | "Query" | "Scan" => is_consistent(body),
            "BatchGetItem" => members(&body["RequestItems"]).all(is_consistent),
            _ => continue,
        };
        checked += 1;
        if !consistent {
            late.insert(made.id.label.as_str());
        }
    }
    assert!(checked > 100, "only {checked} reads");
    assert_eq!(late, LATE.map(|(label, _)| label).into());
}

#[test]
fn every_write_has_a_condition_or_a_reason() {
    let (mut unconditional, mut checked) = (BTreeSet::new(), 0);
    let world = block_on(async { World::empty() });
    let ids: BTreeMap<&str, &str> = world.tables.names().map(|(id, name)| (name, id)).collect();
    for Seen { made, .. } in calls() {
        for Write {
            action,
            table,
            part,
        } in writes(made)
        {
            checked += 1;
            if part["ConditionExpression"].is_null() {
                unconditional.insert(format!("{action} {}", ids[table.as_str()]));
            }
        }
    }
    assert!(checked > 100, "only {checked} writes");
    let expected = UNCONDITIONAL.map(|(label, _)| label.to_owned());
    assert_eq!(unconditional, expected.into());
}

/// Otherwise a name or a token could add to an expression, or name another attribute.
#[test]
fn every_value_of_an_expression_is_a_placeholder() {
    let mut checked = 0;
    for Seen { made, .. } in calls() {
        let parts = writes(made).into_iter().map(|write| write.part);
        for part in parts.chain([&made.body]) {
            let mut texts = Vec::new();
            for member in ["Item", "Key", "ExpressionAttributeValues"] {
                collect(&part[member], &mut texts);
            }
            for (name, expression) in part.as_object().into_iter().flatten() {
                if !name.ends_with("Expression") {
                    continue;
                }
                let expression = expression.as_str().unwrap();
                let id = made.id.name();
                let plain = |c: char| c.is_ascii_alphanumeric() || "#:_ (),.=<>-+".contains(c);
                assert!(expression.chars().all(plain), "{id}: {expression}");
                let words = expression.split([' ', ',', '(', ')']);
                let words: BTreeSet<&str> = words.collect();
                for text in texts.iter().filter(|text| !text.is_empty()) {
                    assert!(!words.contains(text), "{id}: {text} in {expression}");
                    let is_long = text.len() > 12;
                    assert!(!(is_long && expression.contains(*text)), "{id}: {text}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "only {checked} expressions");
}

#[test]
fn every_transaction_has_a_token_that_its_repetitions_share() {
    let token = |made: &Made| {
        let token = made.body["ClientRequestToken"].as_str();
        let token = token.unwrap_or_else(|| panic!("{} has no token", made.id.name()));
        assert!((16..=36).contains(&token.len()), "{token}");
        token.to_owned()
    };
    let mut tokens = BTreeSet::new();
    for Seen { made, .. } in calls() {
        if action(made) == "TransactWriteItems" {
            assert!(tokens.insert(token(made)), "{} twice", made.id.name());
        }
    }
    assert!(tokens.len() > 20, "only {} transactions", tokens.len());
    let beginning = block_on(Beginning::make());
    let mut repeated = 0;
    for name in ["register", "revoke", "change password", "admin: disable"] {
        let operation = operations().find(|operation| operation.name == name);
        let baseline = block_on(Baseline::record(operation.unwrap(), &beginning));
        let mut made = baseline.made.iter();
        let transaction = made.find(|made| action(made) == "TransactWriteItems");
        let faults = [(transaction.unwrap().id.clone(), Fault::Conflict)];
        let calls = block_on(baseline.calls_with(&faults));
        let calls = calls
            .iter()
            .filter(|made| action(made) == "TransactWriteItems");
        let calls: Vec<String> = calls.map(token).collect();
        assert!(calls.len() > 1, "{name} is not repeated");
        assert!(
            calls.iter().all(|one| *one == calls[0]),
            "{name}: {calls:?}"
        );
        repeated += calls.len();
    }
    assert!(repeated >= 8);
}

/// Items that everyone's requests write limit the whole service to what one partition takes.
#[test]
fn no_decision_reads_an_index_and_no_item_is_everyones() {
    let mut indexes = BTreeSet::new();
    let mut written = BTreeMap::<&str, usize>::new();
    for Seen { operation, made } in calls() {
        let is_everyones = matches!(
            operation.function,
            Function::Authorizer
                | Function::Introspect
                | Function::Login
                | Function::Logout
                | Function::Refresh
                | Function::Register
        );
        if !is_everyones {
            continue;
        }
        assert_ne!(action(made), "Scan", "{}", operation.name);
        if !made.body["IndexName"].is_null() {
            indexes.insert(made.id.label.as_str());
        }
        for Write { part, .. } in writes(made) {
            let mut keys = Vec::new();
            collect(&part["Key"], &mut keys);
            collect(&part["Item"]["pk"], &mut keys);
            for key in keys {
                assert!(!key.starts_with("meta#"), "{}: {key}", operation.name);
                *written.entry(key).or_default() += 1;
            }
        }
    }
    assert_eq!(indexes, INDEXES.map(|(label, _)| label).into());
    assert!(written.len() > 10, "{written:?}");
}

/// Returns the calls of all operations.
fn calls() -> &'static [Seen] {
    static CALLS: OnceLock<Vec<Seen>> = OnceLock::new();
    CALLS.get_or_init(|| {
        let beginning = block_on(Beginning::make());
        let operations: Vec<&'static Operation> = operations().collect();
        let seen = in_parallel(&operations, |&operation| {
            let baseline = block_on(Baseline::record(operation, &beginning));
            let made = baseline.made.into_iter();
            made.map(|made| Seen { operation, made })
                .collect::<Vec<_>>()
        });
        seen.into_iter().flatten().collect()
    })
}

/// Returns the operation of a call, such as `GetItem`.
fn action(made: &Made) -> &str {
    let label = &made.id.label;
    label.split_once(' ').map_or(label, |(action, _)| action)
}

/// Returns the writes of a call: itself, or the parts of a transaction or a batch.
fn writes(made: &Made) -> Vec<Write<'_>> {
    let (action, body) = (action(made), &made.body);
    let mut writes = Vec::new();
    let mut add = |action, table: &Value, part| {
        let table = table.as_str().unwrap();
        if action != "ConditionCheck" {
            writes.push(Write {
                action,
                table: table.to_owned(),
                part,
            });
        }
    };
    if ["PutItem", "UpdateItem", "DeleteItem"].contains(&action) {
        add(action, &body["TableName"], body);
    }
    for part in body["TransactItems"].as_array().into_iter().flatten() {
        for (kind, part) in part.as_object().into_iter().flatten() {
            add(kind, &part["TableName"], part);
        }
    }
    if action == "BatchWriteItem" {
        for (table, requests) in body["RequestItems"].as_object().into_iter().flatten() {
            for request in requests.as_array().into_iter().flatten() {
                for (kind, part) in request.as_object().into_iter().flatten() {
                    add(kind, &Value::from(table.as_str()), part);
                }
            }
        }
    }
    writes
}

fn members(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(|map| map.values())
}

/// Collects the texts of a value, at any depth.
fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(values) => values.values().for_each(|value| collect(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
