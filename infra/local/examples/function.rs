//! A function for the tests of the Lambda host, which does what its event says.

use std::path::Path;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if setting("FAIL_INIT").is_some() {
        return Err("MISSING_TABLE is not set".into());
    }
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let text = |name: &str| {
        event
            .payload
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if let Some(records) = event.payload.get("Records") {
        return records_of(records);
    }
    match text("do") {
        "environment" => Ok(environment()),
        "context" => Ok(json!({
            "arn": event.context.invoked_function_arn,
            "deadline": event.context.deadline,
            "trace": event.context.xray_trace_id,
        })),
        "print" => {
            print(text("line"));
            Ok(pid())
        }
        "wait" => {
            while !Path::new(text("file")).exists() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Ok(pid())
        }
        "hang" => std::future::pending().await,
        "fail" => Err("invalid input".into()),
        "exit" => std::process::exit(7),
        "large" => Ok(json!("x".repeat(7 * 1024 * 1024))),
        _ => Ok(pid()),
    }
}

/// Prints what each record is, and fails as a file or a record wants it.
fn records_of(records: &Value) -> Result<Value, Error> {
    let fails = setting("FAIL_WHILE").is_some_and(|file| Path::new(&file).exists());
    let mut failures = Vec::new();
    for record in records.as_array().into_iter().flatten() {
        let stream = record.pointer("/dynamodb/Keys/pk/S");
        let text = stream
            .or_else(|| record.get("body"))
            .and_then(Value::as_str);
        let text = text.unwrap_or_default();
        let count = records.as_array().map_or(0, Vec::len);
        print(&format!(
            "record {text} of {count}{}",
            if fails { ", failed" } else { "" }
        ));
        if text.starts_with("bad") {
            failures.push(json!({ "itemIdentifier": record.get("messageId") }));
        }
    }
    if fails {
        return Err("the file is there".into());
    }
    Ok(json!({ "batchItemFailures": failures }))
}

fn pid() -> Value {
    json!({ "pid": std::process::id() })
}

#[expect(clippy::print_stdout, reason = "functions log to stdout")]
fn print(line: &str) {
    println!("{line}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test checks what the host sets"
)]
fn environment() -> Value {
    std::env::vars()
        .map(|(name, value)| (name, json!(value)))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "this is the only setting")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
