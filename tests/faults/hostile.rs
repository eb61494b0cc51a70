//! Hostile events: every operation's event with every field missing or of another type, and
//! every member of its body too.

use serde_json::{Value, json};

use crate::functions::{Function, Reply};
use crate::operation::{Operation, operations};
use crate::page::{block_on, in_parallel};
use crate::people::Beginning;
use crate::world::World;

/// Where the authorizer's event says who the caller is. API Gateway copies the header to
/// `identitySource`.
const CREDENTIAL: &str = "/headers/authorization";

#[test]
fn no_event_with_a_field_missing_or_mistyped_breaks_a_function() {
    let beginning = block_on(Beginning::make());
    let operations: Vec<&Operation> = operations()
        .filter(|operation| operation.name != "finish deletions")
        .collect();
    let tried = in_parallel(&operations, |operation| {
        block_on(try_all(operation, &beginning))
    });
    let tried: usize = tried.iter().sum();
    assert!(tried > 5_000, "only {tried} events");
}

/// Sends every change of an operation's event, and returns how many they are.
async fn try_all(operation: &Operation, beginning: &Beginning) -> usize {
    let event = (operation.event)(&beginning.people);
    let event: Value = serde_json::from_str(&event).unwrap();
    let mut world = World::begin(beginning).with_mail(operation.has_mail);
    world.start(operation.function).await;
    let changed = changes(&event);
    for (pointer, changed) in &changed {
        let sent = changed.to_string();
        let (reply, _) = world.send_within(operation.function, &sent, None).await;
        check(operation, pointer, &reply);
    }
    changed.len()
}

fn check(operation: &Operation, pointer: &str, reply: &Reply) {
    let (name, outcome) = (operation.name, reply.outcome.as_str());
    match operation.function {
        // An event that cannot be read is an error of whoever set it up, and never a deny that
        // a gateway would cache.
        Function::Authorizer => {
            let known = ["allow", "deny", "error"].contains(&outcome);
            assert!(known, "{name} {pointer}: {outcome}");
            let is_credential = CREDENTIAL.starts_with(pointer);
            assert!(!(is_credential && outcome == "allow"), "{name} {pointer}");
        }
        Function::RotateKeys => {
            assert!(["done", "error"].contains(&outcome), "{name} {pointer}");
        }
        Function::Account
        | Function::Admin
        | Function::Email
        | Function::Introspect
        | Function::Jwks
        | Function::Login
        | Function::Logout
        | Function::Protected
        | Function::Refresh
        | Function::Register => assert!(
            !outcome.starts_with('5'),
            "{name} {pointer}: {outcome} {}",
            reply.body
        ),
    }
}

/// Returns each change of an event, with where it is.
fn changes(event: &Value) -> Vec<(String, Value)> {
    let mut changed = Vec::new();
    for (pointer, value) in changes_within(event) {
        changed.push((pointer, value));
    }
    let body = event["body"].as_str().unwrap_or_default();
    if let Ok(body) = serde_json::from_str::<Value>(body) {
        for (pointer, body) in changes_within(&body) {
            let mut event = event.clone();
            event["body"] = body.to_string().into();
            changed.push((format!("/body{pointer}"), event));
        }
    }
    changed
}

fn changes_within(value: &Value) -> Vec<(String, Value)> {
    let (mut found, mut changed) = (Vec::new(), Vec::new());
    pointers(value, "", &mut found);
    for pointer in found {
        changed.push((pointer.clone(), without(value, &pointer)));
        for other in [
            json!(null),
            json!(-1),
            json!(1e300),
            json!(""),
            json!("\u{0}"),
            json!([{}]),
            json!({ "\u{0}": "\r\n" }),
            json!(true),
        ] {
            let mut value = value.clone();
            *value.pointer_mut(&pointer).unwrap() = other;
            changed.push((pointer.clone(), value));
        }
    }
    changed
}

/// Finds every field, at any depth.
fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    let mut visit = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        let path = format!("{path}/{name}");
        pointers(value, &path, found);
        found.push(path);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| visit(name, value)),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                visit(&index.to_string(), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without(value: &Value, pointer: &str) -> Value {
    let mut value = value.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(values) => {
            values.remove(name.parse().unwrap());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}
