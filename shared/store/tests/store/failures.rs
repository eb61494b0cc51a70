use std::time::{Duration, Instant};

use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_store::{RegisterError, Revocations, Revoked, StoreError, Users};
use gatehouse_testing::{Fault, Reply, StubServer, at_call, connect};

use crate::fixtures::user;
use crate::tables::Tables;

fn users(endpoint: &str) -> Users {
    Users::new(connect(endpoint).tables(), "users".into())
}

async fn check(endpoint: &str) -> Result<Option<Revoked>, StoreError> {
    let revocations = Revocations::new(connect(endpoint).tables(), "revocations".into());
    let jti = Jti::from_bytes([1; 16]);
    let sid = SessionId::from_bytes([2; 16]);
    let sub = SubjectId::from_bytes([3; 16]);
    revocations.check(&jti, &sid, &sub, 0).await
}

#[tokio::test]
async fn an_unreachable_endpoint_is_a_transient_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = check(&endpoint).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.is_transient());
    users(&endpoint).warm_up().await;
}

#[tokio::test]
async fn a_missing_table_is_a_permanent_error() {
    let tables = Tables::start().await;
    let users = Users::new(tables.client.clone(), "elsewhere".into());
    let read = users.get(&user(1, "ada").sub).await.unwrap_err();
    assert!(matches!(read, StoreError::Rejected { .. }), "{read:?}");
    assert!(!read.is_transient());
    let written = users.register(&user(1, "ada")).await.unwrap_err();
    assert!(!written.is_transient(), "{written:?}");
}

#[tokio::test]
async fn persistent_throttling_is_unavailable_after_three_attempts() {
    for code in [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
    ] {
        let stub = StubServer::start([Reply::dynamodb_error(code, "")]).await;
        let failure = check(stub.url()).await.unwrap_err();
        assert!(
            matches!(failure, StoreError::Unavailable { .. }),
            "{failure:?}"
        );
        assert_eq!(stub.received(), 3);
    }
}

#[tokio::test]
async fn a_missing_permission_is_not_retried() {
    let stub = StubServer::start([Reply::dynamodb_error("AccessDeniedException", "")]).await;
    let failure = check(stub.url()).await.unwrap_err();
    assert!(
        matches!(failure, StoreError::Rejected { .. }),
        "{failure:?}"
    );
    assert_eq!(stub.received(), 1);
}

const UNREAD: &str = r#"{"Responses":{},"UnprocessedKeys":{"revocations":{
    "ConsistentRead":true,"Keys":[{"pk":{"S":"jti#x"}}]}}}"#;
const READ: &str = r#"{"Responses":{"revocations":[]},"UnprocessedKeys":{}}"#;

#[tokio::test]
async fn keys_that_stay_unprocessed_never_count_as_unrevoked() {
    let stub = StubServer::start([Reply::new(200, UNREAD)]).await;
    let failure = check(stub.url()).await.unwrap_err();
    assert!(
        matches!(failure, StoreError::Incomplete { .. }),
        "{failure:?}"
    );
    assert!(failure.is_transient());
    assert_eq!(stub.received(), 4);
}

#[tokio::test]
async fn keys_left_unprocessed_once_are_read_again() {
    let stub = StubServer::start([Reply::new(200, UNREAD), Reply::new(200, READ)]).await;
    assert_eq!(check(stub.url()).await.unwrap(), None);
    assert_eq!(stub.received(), 2);
}

#[tokio::test]
async fn a_response_with_an_item_that_was_not_requested_is_an_error() {
    let item = r#"{"Responses":{"revocations":[{"pk":{"S":"jti#x"},"reason":{"S":"r"},
        "revoked_at":{"N":"1"},"expires_at":{"N":"2"}}]}}"#;
    let stub = StubServer::start([Reply::new(200, item)]).await;
    let failure = check(stub.url()).await.unwrap_err();
    assert!(matches!(failure, StoreError::Corrupt { .. }), "{failure:?}");
}

fn cancelled(codes: [&str; 3]) -> Reply {
    let reasons = codes
        .map(|code| format!(r#"{{"Code":"{code}"}}"#))
        .join(",");
    let reasons = format!(r#","CancellationReasons":[{reasons}]"#);
    Reply::dynamodb_error("TransactionCanceledException", &reasons)
}

#[tokio::test]
async fn persistent_contention_is_unavailable_after_four_attempts() {
    for code in [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ] {
        let stub = StubServer::start([cancelled(["None", code, "None"])]).await;
        let users = users(stub.url());
        let failure = users.register(&user(1, "ada")).await.unwrap_err();
        assert!(failure.is_transient(), "{failure:?}");
        assert_eq!(stub.received(), 4);
    }
}

#[tokio::test]
async fn contention_that_passes_is_not_reported() {
    let conflict = cancelled(["None", "TransactionConflict", "None"]);
    let busy = Reply::dynamodb_error("TransactionInProgressException", "");
    let stub = StubServer::start([conflict, busy, Reply::new(200, "{}")]).await;
    let users = users(stub.url());
    users.register(&user(1, "ada")).await.unwrap();
    assert_eq!(stub.received(), 3);
}

#[tokio::test]
async fn a_failed_condition_takes_precedence_over_contention() {
    let both = cancelled(["None", "TransactionConflict", "ConditionalCheckFailed"]);
    let stub = StubServer::start([both]).await;
    let users = users(stub.url());
    let refused = users.register(&user(1, "ada")).await.unwrap_err();
    assert!(matches!(refused, RegisterError::EmailTaken), "{refused:?}");
    assert_eq!(stub.received(), 1);
}

#[tokio::test]
async fn a_cancellation_for_any_other_reason_is_not_retried() {
    let stub = StubServer::start([cancelled(["None", "ValidationError", "None"])]).await;
    let users = users(stub.url());
    let failure = users.register(&user(1, "ada")).await.unwrap_err();
    assert!(!failure.is_transient(), "{failure:?}");
    assert_eq!(stub.received(), 1);
}

#[tokio::test]
async fn no_error_shows_a_hash_or_an_address() {
    let mut ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    let pk = format!("user#{}", ada.sub);
    let invalid = aws_sdk_dynamodb::types::AttributeValue::Bool(true);
    tables
        .set("UsersTable", ("pk", &pk), "created_at", invalid)
        .await;
    let corrupt = tables.users.get(&ada.sub).await.unwrap_err();
    ada.sub = SubjectId::from_bytes([2; 16]);
    let refused = tables.users.register(&ada).await.unwrap_err();
    for text in [format!("{corrupt:?}"), format!("{refused:?}")] {
        assert!(!text.contains("argon2id") && !text.contains('@'), "{text}");
    }
}

/// A write that is cut off may or may not have happened.
#[tokio::test]
async fn no_write_begins_shortly_before_the_deadline_and_a_read_does() {
    let tables = gatehouse_testing::Tables::start().await;
    let ada = gatehouse_testing::user("ada");
    let users = tables.users();
    let written = Deadline::after(Duration::from_millis(299)).scope(users.register(&ada));
    let error = written.await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(tables.faults().take_calls().is_empty());
    let read = Deadline::after(Duration::from_millis(299)).scope(users.get(&ada.sub));
    assert!(read.await.unwrap().is_none());
    let written = Deadline::after(Duration::from_secs(5)).scope(users.register(&ada));
    written.await.unwrap();
}

#[tokio::test]
async fn a_call_ends_at_the_deadline() {
    let tables = gatehouse_testing::Tables::start_with(&[]).await;
    let hold = at_call(0).of("GetItem");
    tables.faults().inject_always(hold, Fault::Hold);
    let users = tables.users();
    let sub = gatehouse_testing::user("ada").sub;
    let started = Instant::now();
    let read = Deadline::after(Duration::from_millis(400)).scope(users.get(&sub));
    assert!(read.await.unwrap_err().is_transient());
    assert!(started.elapsed() < Duration::from_secs(1));
    let begun = tables.faults().take_calls().len();
    let read = Deadline::after(Duration::ZERO).scope(users.get(&sub));
    assert!(read.await.unwrap_err().is_transient(), "too late to begin");
    assert!(tables.faults().take_calls().is_empty(), "{begun}");
}
