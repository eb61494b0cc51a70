use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::guessing::{Counted, LoginCounters};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{Guess, LoginReservation, Reservation, ReservedLogin};
use gatehouse_testing::{NOW, at};

use crate::tables::Tables;

const DIGEST: &str = "0f1e2d";
const HOME: &str = "192.0.2.1";

fn from(address: &str) -> Guess<'_> {
    Guess {
        digest: DIGEST,
        address,
    }
}

/// Reads the counters and counts an attempt, as a login does.
async fn attempt(tables: &Tables, guess: Guess<'_>, now: Timestamp) -> LoginReservation {
    let seen = tables
        .attempts
        .look_up(&tables.users, None, &guess)
        .await
        .unwrap()
        .counters;
    let reserved = tables.attempts.reserve_login(&guess, &seen, now).await;
    reserved.unwrap()
}

async fn passes(tables: &Tables, address: &str, now: Timestamp) -> Option<ReservedLogin> {
    match attempt(tables, from(address), now).await {
        LoginReservation::Reserved(reserved) => Some(reserved),
        LoginReservation::Refused { retry_after, .. } => {
            assert!(retry_after >= Duration::from_secs(1));
            None
        }
    }
}

async fn log_in(tables: &Tables, address: &str, now: Timestamp) {
    let reserved = passes(tables, address, now).await.unwrap();
    let done = tables
        .attempts
        .record_success(&from(address), reserved, now)
        .await;
    done.unwrap();
}

/// Returns how many of `count` concurrent attempts pass.
async fn burst(tables: &Tables, count: usize, now: Timestamp) -> usize {
    let mut attempts = tokio::task::JoinSet::new();
    for number in 0..count {
        let (users, store) = (tables.users.clone(), tables.attempts.clone());
        attempts.spawn(async move {
            let address = format!("198.51.100.{}", number % 100);
            let guess = from(&address);
            let seen = store.look_up(&users, None, &guess).await.unwrap().counters;
            let reserved = store.reserve_login(&guess, &seen, now).await.unwrap();
            matches!(reserved, LoginReservation::Reserved(_))
        });
    }
    let passed = attempts.join_all().await;
    passed.into_iter().filter(|passed| *passed).count()
}

#[tokio::test]
async fn five_concurrent_logins_from_one_address_pass_and_the_rest_of_the_burst_waits() {
    let tables = Tables::start().await;
    let guess = from(HOME);
    let seen = LoginCounters::default();
    let five = (0..5).map(|_| tables.attempts.reserve_login(&guess, &seen, NOW));
    for reserved in futures_util::future::join_all(five).await {
        assert!(matches!(reserved.unwrap(), LoginReservation::Reserved(_)));
    }
    let more = (0..64).map(|_| attempt(&tables, guess, NOW));
    let more = futures_util::future::join_all(more).await;
    let passed = more
        .iter()
        .filter(|reserved| matches!(reserved, LoginReservation::Reserved(_)));
    assert_eq!(passed.count(), 1);
    assert_eq!(
        attempt(&tables, guess, NOW).await,
        LoginReservation::Refused {
            counted: Counted::Identifier,
            retry_after: Duration::from_secs(1)
        }
    );
    assert!(passes(&tables, HOME, at(1)).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_allows_six_logins_of_any_burst_from_any_addresses() {
    let tables = Tables::start().await;
    assert_eq!(burst(&tables, 300, NOW).await, 6);
    for second in 0..4 {
        assert!(burst(&tables, 100, at(second)).await <= 1);
    }
}

#[tokio::test]
async fn a_counter_that_was_read_as_locked_is_not_written() {
    let tables = Tables::start().await;
    for _ in 0..6 {
        assert!(passes(&tables, HOME, NOW).await.is_some());
    }
    tables.calls();
    assert_eq!(passes(&tables, HOME, NOW).await, None);
    assert_eq!(tables.calls(), ["BatchGetItem"]);
}

#[tokio::test]
async fn only_its_own_failures_count_against_a_known_address() {
    let tables = Tables::start().await;
    log_in(&tables, HOME, NOW).await;
    for number in 0..40 {
        passes(&tables, &format!("198.51.100.{number}"), at(1)).await;
    }
    assert_eq!(passes(&tables, "203.0.113.9", at(1)).await, None);
    tables.calls();
    log_in(&tables, HOME, at(1)).await;
    assert_eq!(tables.calls(), ["BatchGetItem", "UpdateItem"]);
    for _ in 0..5 {
        assert!(passes(&tables, HOME, at(2)).await.is_some());
    }
    assert_eq!(passes(&tables, HOME, at(2)).await, None);
    // The pair is known for 45 days, whether or not TTL has deleted the item.
    let pair = format!("pair#{DIGEST}#{HOME}");
    let item = tables
        .item("LoginAttemptsTable", "pk", &pair)
        .await
        .unwrap();
    let expires_at = AttributeValue::N(at(45 * 86_400).unix().to_string());
    assert_eq!(item["expires_at"], expires_at);
}

#[tokio::test]
async fn a_successful_login_clears_the_counter_of_its_pair() {
    let tables = Tables::start().await;
    for round in 0..5 {
        for _ in 0..4 {
            let passed = passes(&tables, HOME, at(round)).await;
            assert!(passed.is_some());
        }
        log_in(&tables, HOME, at(round)).await;
    }
}

/// A traveller logs in from twenty addresses a day without a failure.
#[tokio::test]
async fn successful_logins_from_many_new_addresses_do_not_count_as_failures() {
    let tables = Tables::start().await;
    for number in 0..40 {
        let address = format!("198.51.100.{number}");
        log_in(&tables, &address, at(number)).await;
    }
    let item = tables
        .item("LoginAttemptsTable", "pk", &format!("id#{DIGEST}"))
        .await;
    let failures = item.unwrap()["failures"].as_n().unwrap().clone();
    assert_eq!(failures, "2");
}

#[tokio::test]
async fn a_login_from_a_new_address_writes_three_times_and_the_session() {
    let tables = Tables::start().await;
    log_in(&tables, HOME, NOW).await;
    let three = ["BatchGetItem", "UpdateItem", "UpdateItem", "UpdateItem"];
    assert_eq!(tables.calls(), three);
}

#[tokio::test]
async fn counters_expire_when_they_no_longer_count_anything() {
    let tables = Tables::start().await;
    passes(&tables, HOME, NOW).await;
    for (key, seconds) in [
        (format!("id#{DIGEST}"), 86_400),
        (format!("ip#{HOME}"), 3_600),
    ] {
        let item = tables.item("LoginAttemptsTable", "pk", &key).await.unwrap();
        let end = AttributeValue::N(at(seconds).unix().to_string());
        assert_eq!(item["expires_at"], end, "{key}");
    }
    // It no longer applies, even if TTL has not deleted it yet.
    for _ in 0..10 {
        passes(&tables, HOME, NOW).await;
    }
    assert_eq!(passes(&tables, HOME, NOW).await, None);
    for _ in 0..6 {
        assert!(passes(&tables, HOME, at(86_400)).await.is_some());
    }
}

#[tokio::test]
async fn a_known_address_that_fails_stays_known() {
    let tables = Tables::start().await;
    log_in(&tables, HOME, NOW).await;
    passes(&tables, HOME, at(10)).await;
    let pair = format!("pair#{DIGEST}#{HOME}");
    let item = tables
        .item("LoginAttemptsTable", "pk", &pair)
        .await
        .unwrap();
    let end = AttributeValue::N(at(45 * 86_400).unix().to_string());
    assert_eq!(
        (&item["expires_at"], item.contains_key("last_success_at")),
        (&end, true)
    );
}

#[tokio::test]
async fn an_address_has_301_concurrent_attempts_that_name_no_user() {
    let tables = Tables::start().await;
    let mut passed = 0;
    for _ in 0..310 {
        let reserved = tables.attempts.reserve_address("2001:db8::7", NOW).await;
        passed += usize::from(matches!(reserved.unwrap(), Reservation::Reserved { .. }));
    }
    assert_eq!(passed, 301);
    let other = tables.attempts.reserve_address("2001:db8::8", NOW).await;
    assert!(
        matches!(other.unwrap(), Reservation::Refused { .. }),
        "the same /64"
    );
    let other = tables
        .attempts
        .reserve_address("2001:db8:0:1::8", NOW)
        .await;
    assert!(matches!(other.unwrap(), Reservation::Reserved { .. }));
}

#[tokio::test]
async fn an_address_has_the_number_of_attempts_that_is_configured() {
    let tables = Tables::start().await;
    let attempts = tables.attempts.clone().with_address_attempts(3);
    let mut passed = 0;
    for _ in 0..10 {
        let reserved = attempts.reserve_address("192.0.2.7", NOW).await;
        passed += usize::from(matches!(reserved.unwrap(), Reservation::Reserved { .. }));
    }
    assert_eq!(passed, 4, "after the fourth, the next one waits");
}

#[tokio::test]
async fn each_user_has_a_counter_that_the_right_password_clears() {
    let tables = Tables::start().await;
    let sub = SubjectId::from_bytes([7; 16]);
    tables.attempts.forget_user(&sub).await.unwrap();
    assert_eq!(tables.count("LoginAttemptsTable").await, 0);
    for round in 0..3 {
        let mut passed = 0;
        for _ in 0..10 {
            let reserved = tables.attempts.reserve_user(&sub, at(round)).await;
            passed += usize::from(matches!(reserved.unwrap(), Reservation::Reserved { .. }));
        }
        assert_eq!(passed, 6);
        tables.attempts.forget_user(&sub).await.unwrap();
    }
}

#[tokio::test]
async fn a_corrupt_counter_is_an_error_and_not_a_free_attempt() {
    let tables = Tables::start().await;
    passes(&tables, HOME, NOW).await;
    let key = format!("id#{DIGEST}");
    let invalid = AttributeValue::S("many".into());
    tables
        .set("LoginAttemptsTable", ("pk", &key), "failures", invalid)
        .await;
    let error = tables
        .attempts
        .look_up(&tables.users, None, &from(HOME))
        .await
        .unwrap_err();
    let sentence =
        "item `id#0f1e2d` of table `gatehouse-local-login-attempts` is corrupt at `failures`";
    assert_eq!(error.to_string(), sentence);
}

/// The SDK retries: the attempt may be counted twice, but is never lost.
#[tokio::test]
async fn an_attempt_is_counted_even_if_the_response_is_lost() {
    let tables = Tables::start().await;
    tables.lose_next_answer();
    let sub = SubjectId::from_bytes([7; 16]);
    let reserved = tables.attempts.reserve_user(&sub, NOW).await.unwrap();
    assert_eq!(reserved, Reservation::Reserved { failures: 2 });
}
