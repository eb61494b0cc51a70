use gatehouse_local::InvokeError;
use serde_json::json;

use super::{TestStack, pid, state, until};

#[tokio::test]
async fn a_process_starts_with_the_first_event_and_handles_the_next() {
    let test = TestStack::start().await;
    let first = test.pid().await;
    assert_eq!(test.pid().await, first);
}

#[tokio::test]
async fn the_environment_is_only_lambdas_and_the_templates() {
    let test = TestStack::with(|options| {
        options
            .environment
            .insert("EXTRA".to_owned(), "last word".to_owned());
    })
    .await;
    let seen = test.invoke(&json!({"do": "environment"})).await.unwrap();
    let mut names: Vec<&str> = seen
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.retain(|name| !name.starts_with("AWS_LAMBDA_"));
    assert_eq!(
        names,
        [
            "AWS_ACCESS_KEY_ID",
            "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL",
            "AWS_EXECUTION_ENV",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "EXTRA",
            "ISSUER",
            "KEY_RING_FILE",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "PATH",
            "THINGS_TABLE",
            "TZ",
            "_HANDLER",
            // Set by lambda_runtime, from the event's header.
            "_X_AMZN_TRACE_ID",
        ]
    );
    assert_eq!(seen["AWS_LAMBDA_FUNCTION_NAME"], "function");
    assert_eq!(seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
    assert_eq!(seen["AWS_ENDPOINT_URL"], test.stack.dynamodb_url());
    assert_eq!(seen["ISSUER"], test.stack.url());
    assert_eq!(seen["THINGS_TABLE"], "gatehouse-local-things");
    assert_eq!(seen["EXTRA"], "last word");
    assert_eq!(
        seen["KEY_RING_FILE"],
        test.stack.key_ring_path().to_str().unwrap()
    );
}

#[tokio::test]
async fn an_event_comes_with_its_arn_deadline_and_trace() {
    let test = TestStack::start().await;
    let context = test.invoke(&json!({"do": "context"})).await.unwrap();
    assert_eq!(
        context["arn"],
        "arn:aws:lambda:us-east-1:000000000000:function:function"
    );
    assert!(context["deadline"].as_u64().unwrap() > 1_700_000_000_000);
    assert!(context["trace"].as_str().unwrap().starts_with("Root=1-"));
}

#[tokio::test]
async fn a_second_process_starts_while_the_first_is_busy() {
    let test = TestStack::start().await;
    let file = test.directory.path().join("go");
    let event = json!({"do": "wait", "file": file});
    let (busy, other) = tokio::join!(test.invoke(&event), async {
        let other = test.pid().await;
        std::fs::write(&file, "").unwrap();
        other
    });
    assert_ne!(pid(&busy.unwrap()), other);
}

#[tokio::test]
async fn events_beyond_the_concurrency_wait_for_a_process() {
    let test = TestStack::with(|options| options.concurrency = 1).await;
    let file = test.directory.path().join("go");
    let event = json!({"do": "wait", "file": file});
    let (busy, waited, ()) = tokio::join!(test.invoke(&event), test.pid(), async {
        std::fs::write(&file, "").unwrap();
    });
    assert_eq!(pid(&busy.unwrap()), waited);
}

#[tokio::test]
async fn a_process_that_reports_an_error_handles_the_next_event() {
    let test = TestStack::start().await;
    let before = test.pid().await;
    let error = test.invoke(&json!({"do": "fail"})).await.unwrap_err();
    assert!(
        matches!(&error, InvokeError::Failed { message, .. } if message == "invalid input"),
        "{error}"
    );
    assert_eq!(test.pid().await, before);
}

#[tokio::test]
async fn after_a_crash_the_next_event_gets_a_new_process() {
    let test = TestStack::start().await;
    let before = test.pid().await;
    let error = test.invoke(&json!({"do": "exit"})).await.unwrap_err();
    let InvokeError::Exited { reason, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(reason, "exit status: 7");
    assert_ne!(test.pid().await, before);
}

#[tokio::test]
async fn a_process_that_died_while_idle_is_replaced() {
    let test = TestStack::start().await;
    let before = test.pid().await;
    let killed = rustix::process::Pid::from_raw(i32::try_from(before).unwrap()).unwrap();
    rustix::process::kill_process(killed, rustix::process::Signal::KILL).unwrap();
    until(before, "Z").await;
    assert_ne!(test.pid().await, before);
}

#[tokio::test]
async fn a_function_that_hangs_is_killed_at_its_timeout() {
    let test = TestStack::with(|options| {
        options
            .parameters
            .insert("Timeout".to_owned(), "1".to_owned());
    })
    .await;
    let before = test.pid().await;
    let error = test.invoke(&json!({"do": "hang"})).await.unwrap_err();
    assert_eq!(error.to_string(), "function exceeded its timeout of 1s");
    until(before, "Z").await;
    assert_ne!(test.pid().await, before);
}

#[tokio::test]
async fn a_failed_start_reports_the_last_line_on_stderr() {
    let test = TestStack::with(|options| {
        options
            .environment
            .insert("FAIL_INIT".to_owned(), "1".to_owned());
    })
    .await;
    let error = test.invoke(&json!({})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "function did not start: exit status: 1: Error: \"MISSING_TABLE is not set\""
    );
}

#[tokio::test]
async fn a_response_over_6_mb_is_an_error() {
    let test = TestStack::start().await;
    let error = test.invoke(&json!({"do": "large"})).await.unwrap_err();
    assert!(error.to_string().contains("6 MB"), "{error}");
}

#[tokio::test]
async fn the_lines_of_an_event_are_logged_before_its_response() {
    let test = TestStack::start().await;
    for number in 0..50 {
        let line = format!("line {number}");
        test.invoke(&json!({"do": "print", "line": line}))
            .await
            .unwrap();
        assert_eq!(test.stack.logs().last().unwrap(), &line);
    }
}

#[tokio::test]
async fn a_frozen_process_is_suspended_between_events() {
    let test = TestStack::with(|options| options.freeze = true).await;
    let frozen = test.pid().await;
    for _ in 0..20 {
        until(frozen, "T").await;
        assert_eq!(test.pid().await, frozen);
    }
}

#[tokio::test]
async fn dropping_a_stack_kills_its_processes() {
    let test = TestStack::with(|options| options.freeze = true).await;
    let left = test.pid().await;
    assert!(state(left).is_some());
    drop(test);
    until(left, "Z").await;
}

#[tokio::test]
async fn an_unknown_function_is_an_error() {
    let test = TestStack::start().await;
    let error = test.stack.invoke("unknown", b"{}").await.unwrap_err();
    assert_eq!(error.to_string(), "the stack has no function unknown");
}
