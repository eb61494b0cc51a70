use std::time::Duration;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// Applies a step as a store does; returns false if the attempt is refused.
fn attempt(counter: &mut Option<Counter>, limit: &Limit, now: Timestamp) -> bool {
    let step = limit.step(counter.as_ref(), now);
    let last_success_at = counter.and_then(|counter| counter.last_success_at);
    let old = counter.unwrap_or(Counter {
        failures: 0,
        locked_until: None,
        counted_until: None,
        last_success_at,
    });
    *counter = Some(match step {
        Step::Locked { .. } => return false,
        Step::Begin { counted_until } => Counter {
            failures: 1,
            locked_until: None,
            counted_until: Some(counted_until),
            last_success_at,
        },
        Step::Add { counted_until, .. } => Counter {
            failures: old.failures + 1,
            counted_until: counted_until.or(old.counted_until),
            ..old
        },
        Step::Raise {
            failures,
            locked_until,
            counted_until,
        } => Counter {
            failures: failures + 1,
            locked_until: Some(locked_until),
            counted_until: counted_until.or(old.counted_until),
            last_success_at,
        },
    });
    true
}

/// The seconds of a day at which an attacker who never stops guessing gets an attempt.
fn passed(limit: &Limit) -> Vec<i64> {
    let mut counter = None;
    (0..DAY)
        .filter(|second| attempt(&mut counter, limit, at(*second)))
        .collect()
}

#[test]
fn five_are_free_at_once_and_the_waits_double_from_a_second() {
    let mut counter = None;
    for _ in 0..6 {
        assert!(attempt(&mut counter, &Limit::PAIR, NOW));
    }
    let mut now = 0;
    for doublings in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14] {
        let wait = 1 << doublings;
        let locked = Step::Locked {
            until: at(now + wait),
        };
        assert_eq!(Limit::PAIR.step(counter.as_ref(), at(now)), locked);
        assert_eq!(
            Limit::PAIR.step(counter.as_ref(), at(now + wait - 1)),
            locked
        );
        now += wait;
        assert!(attempt(&mut counter, &Limit::PAIR, at(now)));
    }
}

#[test]
fn a_day_has_at_most_a_hundred_guesses_with_both_identifiers_and_a_known_address() {
    let identifier = passed(&Limit::IDENTIFIER).len();
    let known = passed(&Limit::PAIR).len();
    assert_eq!((identifier, known), (28, 24));
    assert!(2 * identifier + known <= 100);
}

/// The second day is no better than the first: no counter starts over while guesses go on.
#[test]
fn an_attacker_who_never_stops_guessing_gets_no_more_free_attempts() {
    let mut counter = None;
    let count = |counter: &mut Option<Counter>, day: i64| {
        (day * DAY..(day + 1) * DAY)
            .filter(|second| attempt(counter, &Limit::IDENTIFIER, at(*second)))
            .count()
    };
    assert_eq!(count(&mut counter, 0), 28);
    for day in 1..4 {
        assert!(count(&mut counter, day) <= 11);
    }
}

#[test]
fn a_day_after_the_last_failure_no_attempt_counts() {
    let mut counter = None;
    for _ in 0..6 {
        attempt(&mut counter, &Limit::PAIR, NOW);
    }
    let step = |now| Limit::PAIR.step(counter.as_ref(), now);
    assert!(matches!(step(at(DAY - 1)), Step::Raise { failures: 6, .. }));
    let counted_until = at(2 * DAY);
    assert_eq!(step(at(DAY)), Step::Begin { counted_until });
}

#[test]
fn an_address_gets_its_attempts_every_hour_and_waits_until_a_lock_ends() {
    let limit = Limit::address(300);
    let mut counter = None;
    let bursts = |counter: &mut Option<Counter>, second: i64| {
        (0..1000)
            .filter(|_| attempt(counter, &limit, at(second)))
            .count()
    };
    assert_eq!(bursts(&mut counter, 0), 301);
    assert_eq!(bursts(&mut counter, 0), 0);
    assert_eq!(bursts(&mut counter, 1), 1);
    assert_eq!(bursts(&mut counter, 3_600), 301);
    // A lock that lasts beyond the end of the hour is kept.
    let locked = Counter {
        failures: 400,
        locked_until: Some(at(3_700)),
        counted_until: Some(at(3_600)),
        last_success_at: None,
    };
    let step = |now| limit.step(Some(&locked), now);
    assert_eq!(step(at(3_650)), Step::Locked { until: at(3_700) });
    assert!(matches!(step(at(3_700)), Step::Begin { .. }));
}

#[test]
fn no_number_of_failures_makes_a_wait_overflow() {
    for failures in [10, 22, 41, 42, 43, 1_000, u32::MAX] {
        let counter = Counter {
            failures,
            locked_until: None,
            counted_until: Some(at(DAY)),
            last_success_at: None,
        };
        let Step::Raise { locked_until, .. } = Limit::IDENTIFIER.step(Some(&counter), NOW) else {
            panic!("{failures}");
        };
        let wait = locked_until.since(NOW);
        assert!(wait >= Duration::from_secs(1) && wait <= Duration::from_secs(8_192));
    }
}

fn last_logged_in(at: Option<Timestamp>) -> LoginCounters {
    LoginCounters {
        pair: Some(Counter {
            failures: 0,
            locked_until: None,
            counted_until: None,
            last_success_at: at,
        }),
        ..LoginCounters::default()
    }
}

#[test]
fn a_known_address_has_its_own_counter_and_strangers_share_one() {
    assert!(!LoginCounters::default().is_known(NOW));
    assert!(!last_logged_in(None).is_known(NOW));
    let known = last_logged_in(Some(NOW));
    assert!(known.is_known(at(45 * DAY - 1)) && !known.is_known(at(45 * DAY)));
    let names = |counters: &LoginCounters, now| {
        let binding = counters.binding(now).iter();
        binding.map(|counted| counted.name()).collect::<Vec<_>>()
    };
    assert_eq!(names(&known, NOW), ["pair"]);
    assert_eq!(names(&known, at(45 * DAY)), ["identifier", "address"]);
    assert_eq!(
        names(&LoginCounters::default(), NOW),
        ["identifier", "address"]
    );
}

/// Rows: known, attempts counted, days since the mark, what a success writes.
#[test]
fn a_success_writes_only_what_has_an_effect() {
    for (known, failures, days, marks_pair, releases_identifier) in [
        (false, 1, 0, true, false),
        (false, 2, 0, true, false),
        (false, 3, 0, true, true),
        (false, 9, 0, true, true),
        (true, 1, 0, false, false),
        (true, 2, 14, false, false),
        (true, 3, 0, true, false),
        (true, 1, 15, true, false),
        (true, 1, 44, true, false),
        (true, 1, 45, true, false),
    ] {
        let counters = last_logged_in(known.then_some(NOW));
        let settlement = Settlement {
            marks_pair,
            releases_identifier,
        };
        let settled = counters.settle(failures, at(days * DAY));
        assert_eq!(settled, settlement, "{known} {failures} {days}");
    }
}

/// A user who logs in every 30 days is never a stranger at their own address.
#[test]
fn an_address_stays_known_for_30_days_after_any_login() {
    let mut marked = NOW;
    for month in 1..24 {
        let now = at(month * 30 * DAY);
        let counters = last_logged_in(Some(marked));
        assert!(counters.is_known(now), "{month}");
        if counters.settle(1, now).marks_pair {
            marked = now;
        }
    }
    // The worst case: a login just before the mark would have been renewed.
    let counters = last_logged_in(Some(NOW));
    assert!(!counters.settle(1, at(15 * DAY - 1)).marks_pair);
    assert!(counters.is_known(at(45 * DAY - 2)));
}

#[test]
fn addresses_of_one_ipv6_network_are_one_address() {
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    assert_eq!(network("192.0.2.1"), "192.0.2.1");
    assert_eq!(network(""), "");
}
