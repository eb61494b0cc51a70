use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::guessing::{Counted, Lane, LoginCounters};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{GrantedLane, Guess, Reservation, StoreError};
use gatehouse_testing::{Item, NOW, at};

use crate::tables::Tables;

const TABLE: &str = "LoginAttemptsTable";
const DIGEST: &str = "0f1e2d";
const HOME: &str = "192.0.2.1";
const DAY: i64 = 86_400;

fn from(address: &str) -> Guess<'_> {
    Guess {
        digest: DIGEST,
        address,
    }
}

async fn read(tables: &Tables, address: &str) -> LoginCounters {
    let found = tables
        .attempts
        .look_up(&tables.users, None, &from(address))
        .await;
    found.unwrap().counters
}

/// Reads the counters and counts an attempt by its identifier.
async fn enters(tables: &Tables, address: &str, now: Timestamp) -> bool {
    let mut seen = read(tables, address).await;
    let guess = from(address);
    let reserved = tables.attempts.reserve_identifier(&guess, &mut seen, now);
    reserved.await.unwrap()
}

/// The same by its pair.
async fn enters_pair(tables: &Tables, address: &str, now: Timestamp) -> bool {
    let mut seen = read(tables, address).await;
    let guess = from(address);
    let reserved = tables.attempts.reserve_pair(&guess, &mut seen, now);
    reserved.await.unwrap()
}

async fn log_in(tables: &Tables, address: &str, now: Timestamp) {
    let seen = read(tables, address).await;
    assert!(enters(tables, address, now).await);
    leave(tables, address, GrantedLane::Identifier, &seen, now).await;
}

async fn leave(
    tables: &Tables,
    address: &str,
    lane: GrantedLane,
    seen: &LoginCounters,
    now: Timestamp,
) {
    let guess = from(address);
    let left = tables
        .attempts
        .record_success(&guess, lane, &seen.identifier, now);
    left.await.unwrap();
}

async fn item(tables: &Tables, key: &str) -> Option<Item> {
    tables.item(TABLE, "pk", key).await
}

fn number(seconds: i64) -> AttributeValue {
    AttributeValue::N(at(seconds).unix().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_is_exact_whatever_was_read_and_however_many_come_at_once() {
    let tables = Tables::start().await;
    let store = &tables.attempts;
    let stale = LoginCounters::default();
    let burst = async |now: Timestamp| {
        let attempts = (0..100).map(|number| {
            let (store, mut seen) = (store.clone(), stale.clone());
            async move {
                let address = format!("198.51.100.{number}");
                let guess = from(&address);
                let reserved = store.reserve_identifier(&guess, &mut seen, now);
                reserved.await.unwrap()
            }
        });
        let granted = futures_util::future::join_all(attempts).await;
        granted.into_iter().filter(|granted| *granted).count()
    };
    assert_eq!(burst(NOW).await, 10);
    assert_eq!(burst(at(8_639)).await, 0);
    assert_eq!(burst(at(8_640)).await, 1);
    assert_eq!(burst(at(2 * DAY)).await, 10);
}

#[tokio::test]
async fn an_attempt_that_was_read_as_refused_is_not_written() {
    let tables = Tables::start().await;
    for attempt in 0..10 {
        assert!(enters(&tables, HOME, NOW).await, "{attempt}");
    }
    let mut calls = tables.calls();
    calls.retain(|call| call == "UpdateItem");
    assert_eq!(calls.len(), 10, "the form is chosen from what was read");
    assert!(!enters(&tables, HOME, NOW).await);
    assert_eq!(tables.calls(), ["BatchGetItem"]);
    let (counted, wait) = read(&tables, HOME).await.wait(&Lane::address(300), NOW);
    assert_eq!((counted, wait.as_secs()), (Counted::Identifier, 8_640));
}

#[tokio::test]
async fn a_right_password_leaves_the_lane_and_its_network_is_known() {
    let tables = Tables::start().await;
    for second in 0..20 {
        log_in(&tables, HOME, at(second)).await;
        let left = item(&tables, "id#0f1e2d").await.unwrap();
        assert!(left["tat"].as_n().unwrap().parse::<i64>().unwrap() <= at(second).unix());
    }
    let seen = read(&tables, HOME).await.identifier;
    let known: Vec<_> = seen.known.iter().collect();
    assert_eq!(known, [(from(HOME).network().as_str(), at(19))]);
    assert_ne!(
        from(HOME).network(),
        Guess {
            digest: "another",
            address: HOME
        }
        .network()
    );
}

/// A traveller logs in from forty networks a day: each login succeeds, and three networks
/// become known.
#[tokio::test]
async fn logins_from_many_networks_do_not_count_and_three_a_day_become_known() {
    let tables = Tables::start().await;
    for number in 0..40 {
        let address = format!("198.51.100.{number}");
        log_in(&tables, &address, at(number * 2_160)).await;
    }
    let seen = read(&tables, HOME).await.identifier;
    let known: Vec<_> = seen.known.iter().map(|(_, at)| at).collect();
    assert_eq!(known.len(), 2);
    assert!(known.contains(&NOW) && known.contains(&at(43_200)));
    assert!(!seen.is_busy(at(40 * 2_160)));
}

#[tokio::test]
async fn a_login_writes_twice_besides_its_session() {
    let tables = Tables::start().await;
    for (address, second) in [(HOME, 0), (HOME, 1), ("198.51.100.7", DAY)] {
        tables.calls();
        let seen = read(&tables, address).await;
        let mut reserved = seen.clone();
        let store = &tables.attempts;
        let guess = from(address);
        let granted = store.reserve_identifier(&guess, &mut reserved, at(second));
        assert!(granted.await.unwrap());
        leave(&tables, address, GrantedLane::Identifier, &seen, at(second)).await;
        let calls = ["BatchGetItem", "UpdateItem", "UpdateItem"];
        assert_eq!(tables.calls(), calls, "{address} {second}");
    }
}

#[tokio::test]
async fn a_pair_is_counted_by_network_and_left_like_an_identifier() {
    let tables = Tables::start().await;
    let (one, neighbour) = ("2001:db8::7", "2001:db8::8");
    for address in [one, neighbour, one] {
        assert!(enters_pair(&tables, address, NOW).await);
    }
    assert!(!enters_pair(&tables, neighbour, NOW).await);
    assert!(enters_pair(&tables, "2001:db8:0:1::7", NOW).await);
    let seen = LoginCounters::default();
    leave(&tables, one, GrantedLane::Pair, &seen, NOW).await;
    assert!(enters_pair(&tables, neighbour, NOW).await);
}

/// The identifier's lane stays full for weeks: the network must not be forgotten.
#[tokio::test]
async fn a_login_by_its_pair_renews_an_old_mark() {
    let tables = Tables::start().await;
    log_in(&tables, HOME, NOW).await;
    for (days, marked) in [(14, 0), (15, 15), (29, 15), (30, 30)] {
        let now = at(days * DAY);
        let seen = read(&tables, HOME).await;
        assert!(enters_pair(&tables, HOME, now).await);
        leave(&tables, HOME, GrantedLane::Pair, &seen, now).await;
        let known = read(&tables, HOME).await.identifier.known;
        assert_eq!(known.iter().next().unwrap().1, at(marked * DAY), "{days}");
    }
    let kept = item(&tables, "id#0f1e2d").await.unwrap();
    assert_eq!(kept["expires_at"], number(75 * DAY));
}

/// A deletion removes the items of a login that is under way.
#[tokio::test]
async fn a_login_whose_counters_were_deleted_leaves_nothing_behind() {
    let tables = Tables::start().await;
    let mut seen = read(&tables, HOME).await;
    for _ in 0..2 {
        for lane in [GrantedLane::Identifier, GrantedLane::Pair] {
            leave(&tables, HOME, lane, &seen, NOW).await;
        }
        assert_eq!(tables.count(TABLE).await, 0);
        let network = from(HOME).network();
        seen.identifier.known = seen.identifier.known.with(&network, at(-40 * DAY));
    }
}

/// If the SDK repeated it, it would be a free guess.
#[tokio::test]
async fn what_is_given_back_is_given_back_once_even_if_the_response_is_lost() {
    let tables = Tables::start().await;
    let seen = LoginCounters::default();
    assert!(enters(&tables, HOME, NOW).await && enters(&tables, HOME, NOW).await);
    tables.calls();
    tables.lose_next_answer();
    let guess = from(HOME);
    let lost =
        tables
            .attempts
            .record_success(&guess, GrantedLane::Identifier, &seen.identifier, NOW);
    assert!(matches!(lost.await, Err(StoreError::Unavailable { .. })));
    assert_eq!(tables.calls(), ["UpdateItem"]);
    let left = item(&tables, "id#0f1e2d").await.unwrap();
    assert_eq!(left["tat"], number(8_640));
}

#[tokio::test]
async fn counters_expire_when_they_no_longer_count_anything() {
    let tables = Tables::start().await;
    assert!(enters(&tables, HOME, NOW).await);
    let seen = read(&tables, HOME).await;
    let store = &tables.attempts;
    store.count_wrong(&from(HOME), &seen, NOW).await.unwrap();
    assert!(enters_pair(&tables, HOME, NOW).await);
    for (key, seconds) in [
        (format!("id#{DIGEST}"), 45 * DAY),
        (format!("ip#{HOME}"), DAY),
        (format!("pair#{DIGEST}#{HOME}"), 2 * DAY),
    ] {
        let item = item(&tables, &key).await.unwrap();
        assert_eq!(item["expires_at"], number(seconds), "{key}");
    }
    // A day after a second attempt has drained as well.
    assert!(enters_pair(&tables, HOME, at(10)).await);
    let pair = item(&tables, &format!("pair#{DIGEST}#{HOME}")).await;
    assert_eq!(pair.unwrap()["expires_at"], number(3 * DAY));
}

async fn address_attempts(tables: &Tables, address: &str, now: Timestamp, most: usize) -> usize {
    let mut granted = 0;
    for _ in 0..most {
        let reserved = tables.attempts.reserve_address(address, now).await;
        granted += usize::from(reserved.unwrap() == Reservation::Granted);
    }
    granted
}

#[tokio::test]
async fn an_address_has_300_attempts_at_once_and_as_many_an_hour() {
    let tables = Tables::start().await;
    assert_eq!(
        address_attempts(&tables, "2001:db8::7", NOW, 310).await,
        300
    );
    // The same /64, and another.
    assert_eq!(address_attempts(&tables, "2001:db8::8", NOW, 3).await, 0);
    let other = address_attempts(&tables, "2001:db8:0:1::8", NOW, 3).await;
    assert_eq!(other, 3);
    assert_eq!(address_attempts(&tables, "2001:db8::7", at(12), 3).await, 1);
    assert_eq!(
        address_attempts(&tables, "2001:db8::7", at(132), 30).await,
        10
    );
    let refused = tables
        .attempts
        .reserve_address("2001:db8::7", at(132))
        .await;
    let Reservation::Refused { retry_after, .. } = refused.unwrap() else {
        panic!("it was granted");
    };
    assert_eq!(retry_after, Duration::from_secs(12));
}

/// A flood does not lengthen its own wait: an office that shares its address comes back.
#[tokio::test]
async fn wrong_passwords_beyond_those_an_address_has_do_not_count() {
    let tables = Tables::start().await;
    let attempts = tables.attempts.clone().with_address_attempts(7);
    for _ in 0..50 {
        let seen = read(&tables, HOME).await;
        attempts.count_wrong(&from(HOME), &seen, NOW).await.unwrap();
    }
    let refused = attempts.reserve_address(HOME, NOW).await.unwrap();
    let Reservation::Refused { retry_after, .. } = refused else {
        panic!("it was granted");
    };
    // A seventh of an hour: fractions of a second are kept.
    assert_eq!(retry_after.as_secs(), 514);
    let later = attempts.reserve_address(HOME, at(515)).await.unwrap();
    assert_eq!(later, Reservation::Granted);
}

/// Guesses must not use up the mails, nor mails the guesses.
#[tokio::test]
async fn requests_for_mail_have_their_own_lane() {
    let tables = Tables::start().await;
    let attempts = tables.attempts.clone();
    let attempts = attempts.with_address_attempts(1).with_address_mails(2);
    for _ in 0..2 {
        let reserved = attempts.reserve_mail(HOME, NOW).await.unwrap();
        assert_eq!(reserved, Reservation::Granted);
    }
    let refused = attempts.reserve_mail(HOME, at(2)).await.unwrap();
    let full = Reservation::Refused {
        retry_after: Duration::from_secs(1_798),
        is_busy: false,
    };
    assert_eq!(refused, full);
    let guess = attempts.reserve_address(HOME, at(2)).await.unwrap();
    assert_eq!(guess, Reservation::Granted);
    let elsewhere = attempts.reserve_mail("198.51.100.7", at(2)).await.unwrap();
    assert_eq!(elsewhere, Reservation::Granted);
    let later = attempts.reserve_mail(HOME, at(1_800)).await.unwrap();
    assert_eq!(later, Reservation::Granted);
}

#[tokio::test]
async fn a_user_has_five_attempts_to_confirm_the_password_and_right_ones_do_not_count() {
    let tables = Tables::start().await;
    let sub = SubjectId::from_bytes([7; 16]);
    let store = &tables.attempts;
    store.give_back_subject(&sub).await.unwrap();
    assert_eq!(tables.count(TABLE).await, 0);
    for _ in 0..5 {
        let reserved = store.reserve_subject(&sub, NOW).await.unwrap();
        assert_eq!(reserved, Reservation::Granted);
    }
    for (second, is_busy) in [(0, true), (2, false)] {
        let refused = Reservation::Refused {
            retry_after: Duration::from_secs(17_280 - second),
            is_busy,
        };
        let now = at(second.try_into().unwrap());
        assert_eq!(store.reserve_subject(&sub, now).await.unwrap(), refused);
    }
    store.give_back_subject(&sub).await.unwrap();
    let reserved = store.reserve_subject(&sub, NOW).await.unwrap();
    assert_eq!(reserved, Reservation::Granted);
}

#[tokio::test]
async fn a_corrupt_counter_is_an_error_and_not_a_free_attempt() {
    let tables = Tables::start().await;
    assert!(enters(&tables, HOME, NOW).await);
    let key = format!("id#{DIGEST}");
    let invalid = AttributeValue::S("many".into());
    tables.set(TABLE, ("pk", &key), "tat", invalid).await;
    let sentence = "item `id#0f1e2d` of table `gatehouse-local-login-attempts` is corrupt at `tat`";
    let found = tables
        .attempts
        .look_up(&tables.users, None, &from(HOME))
        .await;
    assert_eq!(found.unwrap_err().to_string(), sentence);
    let mut seen = LoginCounters::default();
    let guess = from(HOME);
    let reserved = tables.attempts.reserve_identifier(&guess, &mut seen, NOW);
    assert_eq!(reserved.await.unwrap_err().to_string(), sentence);
}

/// Locked for ever by the release before: neither read nor heeded.
#[tokio::test]
async fn a_counter_of_an_earlier_release_locks_nobody_out() {
    let tables = Tables::start().await;
    let sub = SubjectId::from_bytes([7; 16]);
    for key in [
        format!("id#{DIGEST}"),
        format!("pair#{DIGEST}#{HOME}"),
        format!("ip#{HOME}"),
        format!("sub#{sub}"),
    ] {
        for attribute in [
            "failures",
            "locked_until",
            "counted_until",
            "last_success_at",
        ] {
            let far = AttributeValue::N("9000000000".into());
            tables.set(TABLE, ("pk", &key), attribute, far).await;
        }
    }
    assert!(enters(&tables, HOME, NOW).await);
    assert!(enters_pair(&tables, HOME, NOW).await);
    assert_eq!(address_attempts(&tables, HOME, NOW, 3).await, 3);
    let reserved = tables.attempts.reserve_subject(&sub, NOW).await.unwrap();
    assert_eq!(reserved, Reservation::Granted);
    log_in(&tables, HOME, at(1)).await;
}

/// The SDK retries: the attempt may be counted twice, but is never lost.
#[tokio::test]
async fn an_attempt_is_counted_even_if_the_response_is_lost() {
    let tables = Tables::start().await;
    tables.lose_next_answer();
    let sub = SubjectId::from_bytes([7; 16]);
    let reserved = tables.attempts.reserve_subject(&sub, NOW).await.unwrap();
    assert_eq!(reserved, Reservation::Granted);
    let counted = item(&tables, &format!("sub#{sub}")).await.unwrap();
    assert_eq!(counted["tat"], number(2 * 17_280));
}
