use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_testing::LogBuffer;
use serde_json::{Value, json};
use tracing_subscriber::filter::Targets;

use super::{chain, exit, init, subscriber};
use crate::audit::{Audit, AuditEvent};
use crate::config::Environment;
use crate::error::Problem;
use crate::error::fault::Failing;
use crate::principal::Principal;
use crate::request::Request;

/// Runs `log` at a level and returns its lines, all of them JSON.
fn lines(level: &str, log: impl FnOnce()) -> Vec<Value> {
    let logs = LogBuffer::default();
    let wanted: Targets = level.parse().unwrap();
    let sink = logs.clone();
    tracing::subscriber::with_default(subscriber(&wanted, move || sink.clone()), log);
    let text = logs.take();
    text.lines()
        .map(|line| {
            let hostile = |character: char| character.is_control() || character == '\u{2028}';
            assert!(!line.chars().any(hostile), "{line:?}");
            serde_json::from_str(line).unwrap()
        })
        .collect()
}

#[test]
fn an_audit_event_is_one_line_and_one_count() {
    let sub = SubjectId::from_bytes([1; 16]);
    let mut written = lines("info", || {
        let audit = Audit {
            reason: Some("wrong_password"),
            sub: Some(&sub),
            ip: Some("192.0.2.1"),
            request_id: Some("id"),
            ..Audit::default()
        };
        audit.record(AuditEvent::LoginFailed);
    });
    assert!(written[1]["_aws"]["Timestamp"].as_i64().unwrap() > 1_704_067_200_000);
    written[0]["timestamp"] = Value::Null;
    written[1]["_aws"]["Timestamp"] = Value::Null;
    let written: Vec<String> = written.iter().map(Value::to_string).collect();
    insta::assert_snapshot!(written.join("\n"), @r#"
    {"event":"login_failed","ip":"192.0.2.1","level":"INFO","outcome":"failure","reason":"wrong_password","request_id":"id","sub":"AQEBAQEBAQEBAQEBAQEBAQ","target":"gatehouse::audit","timestamp":null}
    {"_aws":{"CloudWatchMetrics":[{"Dimensions":[["function"]],"Metrics":[{"Name":"login_failed","Unit":"Count"}],"Namespace":"Gatehouse"}],"Timestamp":null},"function":"unknown","login_failed":1}
    "#);
}

/// A gateway that caches the authorizer's response passes on such tokens.
#[test]
fn the_refusal_of_an_expired_token_is_an_audit_event() {
    let context = json!({
        "sub": "S", "sid": "D", "jti": "J", "ver": 3, "scope": "profile",
        "roles": "user", "auth_time": 1_700_000_000, "exp": 1_700_000_900,
    });
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /protected",
        "rawPath": "/protected",
        "headers": {},
        "requestContext": { "authorizer": { "lambda": context }, "http": { "method": "GET" } },
    });
    let request = Request::from_json(&event.to_string()).unwrap();
    let written = lines("info", || {
        let late = Principal::of(&request, Timestamp::from_unix(1_700_000_900));
        assert!(late.is_err());
    });
    let line = &written[0];
    assert_eq!(
        (&line["event"], &line["reason"]),
        (&json!("authorization_denied"), &json!("expired"))
    );
    assert_eq!(
        [&line["sub"], &line["sid"], &line["jti"]],
        [&json!("S"), &json!("D"), &json!("J")]
    );
}

#[test]
fn hostile_text_stays_in_its_field() {
    let hostile = "a\r\nb\u{1b}[2J\u{2028}\u{202e}\u{7f}\u{9b}{\"level\":\"error\"}\"\\";
    let written = lines("info", || {
        let audit = Audit {
            user_agent: Some(hostile),
            ..Audit::default()
        };
        audit.record(AuditEvent::TokenRefreshed);
    });
    assert_eq!(written.len(), 2);
    assert_eq!(written[0]["user_agent"], hostile);
    assert_eq!(written[0]["level"], "INFO");
}

#[test]
fn no_level_silences_audit_events_and_counts() {
    let written = lines("off", || {
        tracing::error!("silent");
        Audit::default().record(AuditEvent::LoggedOut);
    });
    assert_eq!(written.len(), 2);
}

#[test]
fn at_trace_only_our_own_crates_log_below_info() {
    let written = lines("trace,lambda_runtime=trace", || {
        tracing::trace!(target: "lambda_runtime::layers::api_response", body = "canary");
        tracing::debug!(target: "aws_sdk_dynamodb", "canary");
        tracing::debug!(target: "gatehouse_store", "ours");
        tracing::info!(target: "lambda_runtime", "theirs");
    });
    let messages: Vec<&Value> = written.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["ours", "theirs"]);
}

#[test]
fn lines_name_the_invocation_they_belong_to() {
    let written = lines("info", || {
        let span = tracing::info_span!("invocation", request_id = "id", trace_id = "Root=1-x");
        span.in_scope(|| tracing::warn!("slow"));
    });
    assert_eq!(written[0]["span"]["request_id"], "id");
    assert_eq!(written[0]["span"]["trace_id"], "Root=1-x");
}

#[test]
fn an_error_is_logged_with_all_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("the table is gone")]
    struct Outer(#[source] io::Error);

    let error = Outer(io::Error::other("no such table"));
    assert_eq!(chain(&error), "the table is gone: no such table");
}

#[test]
fn a_failure_is_logged_once_when_it_becomes_a_response() {
    let written = lines("info", || {
        let problem = Problem::from(Failing { transient: true });
        tracing::info!("not a response yet");
        drop(problem.into_response("id"));
    });
    assert_eq!(written.len(), 2);
    assert_eq!(written[0]["message"], "not a response yet");
    assert_eq!(written[1]["error"], Failing { transient: true }.to_string());
    assert_eq!(written[1]["transient"], true);
}

#[test]
fn a_failed_start_and_a_panic_are_logged_in_json_without_secrets() {
    let own = std::env::current_exe().unwrap();
    let child = "telemetry::tests::a_process_that_panics";
    let output = Command::new(own)
        .args(["--ignored", "--exact", "--nocapture", child])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let logged: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(logged[0]["error"], "AWS_LAMBDA_FUNCTION_NAME is not set");
    assert_eq!(logged[1]["message"], "a panic");
    assert!(logged[1]["location"].as_str().unwrap().contains("tests.rs"));
    let all = text + &String::from_utf8(output.stderr).unwrap();
    assert!(!all.contains("canary"), "{all}");
}

#[test]
#[ignore = "panics on purpose, in a process that another test starts"]
fn a_process_that_panics() {
    let started = init(&Environment::from_pairs([]));
    let _ = exit(started.map_err(Into::into));
    let secret = String::from("canary");
    panic!("about {secret}");
}

/// With lines written to the pipe itself, it stopped after 64 KiB: 104 requests.
#[test]
fn a_process_whose_log_nobody_reads_still_ends() {
    let own = std::env::current_exe().unwrap();
    let child = "telemetry::tests::a_process_that_logs_a_lot";
    let mut process = Command::new(own)
        .args(["--ignored", "--exact", "--nocapture", child])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        process.try_wait().unwrap()
    });
    if ended.is_none() {
        process.kill().unwrap();
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(7));
}

#[test]
#[ignore = "a process that another test starts"]
fn a_process_that_logs_a_lot() {
    init(&Environment::from_pairs([(
        "AWS_LAMBDA_FUNCTION_NAME",
        "login",
    )]))
    .unwrap();
    for _ in 0..5_000 {
        Audit::default().record(AuditEvent::LoginFailed);
    }
    let _ = exit(Ok(()));
    // The test runner would write to the full pipe.
    std::process::exit(7);
}
