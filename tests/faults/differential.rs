//! The embedded DynamoDB and that of the emulator of AWS, which others wrote from the same
//! documentation: the calls of every operation, recorded, have the same results in both. What
//! differs is listed, with what DynamoDB does.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_testing::{Contents, MemoryTables};
use gatehouse_tests::long_run;
use serde_json::{Value, json};

use crate::emulator::{Emulator, EmulatorTables};
use crate::injection::Made;
use crate::matrix::Baseline;
use crate::operation::operations;
use crate::page::block_on;
use crate::people::Beginning;

/// The differences that there are, and why.
const EXPLAINED: [(&str, &str); 1] = [(
    "Query a malformed expression: ValidationException, not 200",
    "DynamoDB refuses a KeyConditionExpression that ends with AND; none of our calls has one",
)];

/// A call, in the words of DynamoDB.
#[derive(Debug, Clone)]
struct Call {
    operation: String,
    body: Value,
}

/// The calls of an operation, and what the tables hold before it.
struct Recording {
    name: &'static str,
    contents: Contents,
    calls: Vec<Call>,
}

#[test]
#[ignore = "installs an emulator of AWS: docs/development.md has the command"]
fn recorded_calls_have_the_same_results_in_both_databases() {
    let recordings = block_on(record());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut comparison = Comparison::default();
    runtime.block_on(async {
        let mut emulator = Emulator::start().await.unwrap();
        for recording in &recordings {
            comparison.replay(&mut emulator, recording).await;
        }
    });
    long_run::report(&json!({
        "calls_compared": comparison.calls,
        "errors_compared": comparison.errors,
        "differences": comparison.differences.len(),
    }));
    let explained: BTreeSet<&str> = EXPLAINED.iter().map(|(kind, _)| *kind).collect();
    let found: BTreeSet<&str> = comparison.differences.keys().map(String::as_str).collect();
    assert_eq!(found, explained, "{:#?}", comparison.differences);
    assert!(comparison.calls > 2_000 && comparison.errors > 300);
}

/// Records what each operation calls.
async fn record() -> Vec<Recording> {
    let beginning = Beginning::make().await;
    let mut recordings = Vec::new();
    for operation in operations() {
        let baseline = Baseline::record(operation, &beginning).await;
        let calls: Vec<Call> = baseline.made.iter().filter_map(Call::of).collect();
        recordings.push(Recording {
            name: operation.name,
            contents: baseline.contents().clone(),
            calls,
        });
    }
    recordings
}

impl Call {
    /// Returns a recorded call if it is one of DynamoDB.
    fn of(made: &Made) -> Option<Self> {
        let body = &made.body;
        let tables = ["TableName", "RequestItems", "TransactItems"];
        tables
            .iter()
            .any(|member| !body[member].is_null())
            .then(|| Self {
                operation: made.operation().to_owned(),
                body: body.clone(),
            })
    }

    /// Returns calls like this one that DynamoDB refuses, each with a name.
    fn refused(&self) -> Vec<(&'static str, Self)> {
        let mut changed = Vec::new();
        let mut push = |name, body: Option<Value>| {
            changed.extend(body.map(|body| {
                let operation = self.operation.clone();
                (name, Self { operation, body })
            }));
        };
        push(
            "another content for the same token",
            self.with_other_content(),
        );
        push("again without its token", self.without_token());
        push("an unknown table", Some(self.with_unknown_table()));
        push("a value that no expression uses", self.with_unused_value());
        push("a malformed expression", self.with_broken_expression());
        push("one item twice", self.with_one_item_twice());
        push("too many items", self.with_too_many_items());
        push("an item of 400 KiB", self.with_large_item());
        changed
    }

    fn with_other_content(&self) -> Option<Value> {
        let mut body = self.body.clone();
        body["ClientRequestToken"].as_str()?;
        let items = body["TransactItems"].as_array_mut()?;
        let part = items.first_mut()?.as_object_mut()?.values_mut().next()?;
        let values = part.get_mut("ExpressionAttributeValues")?.as_object_mut()?;
        let text = values.values_mut().find_map(|value| value.get_mut("S"))?;
        *text = json!("something else");
        Some(body)
    }

    fn without_token(&self) -> Option<Value> {
        let mut body = self.body.clone();
        body.as_object_mut()?.remove("ClientRequestToken")?;
        Some(body)
    }

    fn with_unknown_table(&self) -> Value {
        let mut text = self.body.to_string();
        for creation in MemoryTables::creations() {
            text = text.replace(&creation["TableName"].to_string(), "\"no-such-table\"");
        }
        serde_json::from_str(&text).unwrap()
    }

    fn with_unused_value(&self) -> Option<Value> {
        let mut body = self.untokened();
        let values = Self::part(&mut body)?.get_mut("ExpressionAttributeValues")?;
        values[":unused"] = json!({ "S": "unused" });
        Some(body)
    }

    fn with_broken_expression(&self) -> Option<Value> {
        let mut body = self.untokened();
        let part = Self::part(&mut body)?;
        for member in [
            "ConditionExpression",
            "UpdateExpression",
            "KeyConditionExpression",
        ] {
            if let Some(expression) = part.get_mut(member) {
                *expression = format!("{} AND", expression.as_str()?).into();
                return Some(body);
            }
        }
        None
    }

    fn with_one_item_twice(&self) -> Option<Value> {
        let mut body = self.untokened();
        let items = body["TransactItems"].as_array_mut()?;
        items.push(items.first()?.clone());
        Some(body)
    }

    fn with_too_many_items(&self) -> Option<Value> {
        let mut body = self.untokened();
        let items = if body["RequestItems"].is_null() {
            &mut body["TransactItems"]
        } else {
            let tables = body["RequestItems"].as_object_mut()?;
            let table = tables.values_mut().next()?;
            if table.is_array() {
                table
            } else {
                &mut table["Keys"]
            }
        };
        let items = items.as_array_mut()?;
        let first = items.first()?.clone();
        items.resize(101, first);
        Some(body)
    }

    fn with_large_item(&self) -> Option<Value> {
        let mut body = self.untokened();
        let part = Self::part(&mut body)?;
        let item = match part.get_mut("Item") {
            Some(item) => item,
            None => part.get_mut("Put")?.get_mut("Item")?,
        };
        item["large"] = json!({ "S": "x".repeat(400 * 1024) });
        Some(body)
    }

    /// Returns the body without its token, which would be refused for another content.
    fn untokened(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("ClientRequestToken");
        }
        body
    }

    /// Returns the part of a body that has expressions.
    fn part(body: &mut Value) -> Option<&mut Value> {
        match body.get("TransactItems") {
            Some(_) => {
                let items = body["TransactItems"].as_array_mut()?;
                items.first_mut()?.as_object_mut()?.values_mut().next()
            }
            None => Some(body),
        }
    }
}

/// What was compared.
#[derive(Debug, Default)]
struct Comparison {
    calls: usize,
    errors: usize,
    /// The kinds of differences, each with an operation that shows it. No values: some are hashes.
    differences: BTreeMap<String, &'static str>,
}

impl Comparison {
    /// Replays an operation's calls in tables as they were before it, and in empty ones. Each
    /// call is repeated at once, which fails many conditions, and then comes in forms that are
    /// refused.
    async fn replay(&mut self, emulator: &mut Emulator, recording: &Recording) {
        for contents in [&recording.contents, &Contents::new()] {
            let ours = MemoryTables::holding(contents);
            let theirs = emulator.tables(contents).await;
            for call in &recording.calls {
                self.compare(recording, "", call, &ours, &theirs).await;
                self.compare(recording, "again", call, &ours, &theirs).await;
                for (how, call) in call.refused() {
                    self.compare(recording, how, &call, &ours, &theirs).await;
                }
            }
            for creation in MemoryTables::creations() {
                let scan = Call {
                    operation: "Scan".to_owned(),
                    body: json!({ "TableName": creation["TableName"] }),
                };
                self.compare(recording, "what is stored", &scan, &ours, &theirs)
                    .await;
            }
        }
    }

    async fn compare(
        &mut self,
        recording: &Recording,
        how: &str,
        call: &Call,
        ours: &MemoryTables,
        theirs: &EmulatorTables<'_>,
    ) {
        let (status, body) = ours.handle(&call.operation, &call.body);
        let ours = (status, comparable(body));
        let (status, body) = theirs.handle(&call.operation, &call.body).await;
        let theirs = (status, comparable(body));
        self.calls += 1;
        self.errors += usize::from(ours.0 != 200);
        if ours != theirs {
            let kind = kind(&ours, &theirs);
            let kind = format!("{} {how}: {kind}", call.operation);
            self.differences.entry(kind).or_insert(recording.name);
        }
    }
}

/// Returns what must be equal of a response: an error's type and reasons but not its message,
/// and no order where DynamoDB promises none.
fn comparable(mut body: Value) -> Value {
    if let Some(kind) = body["__type"].as_str() {
        let kind = kind.rsplit('#').next().unwrap_or_default();
        let mut reasons = body["CancellationReasons"].clone();
        for reason in reasons.as_array_mut().into_iter().flatten() {
            reason.as_object_mut().unwrap().remove("Message");
        }
        return json!({ "__type": kind, "reasons": reasons, "item": body["Item"] });
    }
    sort(&mut body);
    body
}

/// Sorts what has no order.
fn sort(value: &mut Value) {
    match value {
        Value::Array(values) => {
            values.iter_mut().for_each(sort);
            values.sort_by_cached_key(Value::to_string);
        }
        Value::Object(members) => members.values_mut().for_each(sort),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Describes a difference without the values.
fn kind(ours: &(u16, Value), theirs: &(u16, Value)) -> String {
    let outcome = |(status, body): &(u16, Value)| match body["__type"].as_str() {
        Some(kind) => kind.to_owned(),
        None => status.to_string(),
    };
    if outcome(ours) != outcome(theirs) {
        return format!("{}, not {}", outcome(ours), outcome(theirs));
    }
    let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
    members(&ours.1, "", &mut left);
    members(&theirs.1, "", &mut right);
    let differing: BTreeSet<String> = left
        .symmetric_difference(&right)
        .map(|(path, _)| path.clone())
        .collect();
    format!("{} differs in {differing:?}", outcome(ours))
}

/// Collects the members of a value, each with its path and what it holds.
fn members(value: &Value, path: &str, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                self::members(value, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(values) => {
            found.insert((path.to_owned(), format!("{} elements", values.len())));
            for value in values {
                members(value, path, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert((path.to_owned(), value.to_string()));
        }
    }
}
