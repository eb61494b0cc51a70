use std::time::Duration;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// Does what a store does with a step; false if the attempt is refused.
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

/// Seconds at which a guesser passes who never stops asking, for a day.
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
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024] {
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
    let known = passed(&Limit::KNOWN_PAIR).len();
    assert_eq!((identifier, known), (33, 24));
    assert!(2 * identifier + known <= 100);
}

/// The second day is no better than the first: nothing begins anew while it goes on.
#[test]
fn who_never_stops_guessing_is_never_free_again() {
    let mut counter = None;
    let count = |counter: &mut Option<Counter>, day: i64| {
        (day * DAY..(day + 1) * DAY)
            .filter(|second| attempt(counter, &Limit::IDENTIFIER, at(*second)))
            .count()
    };
    assert_eq!(count(&mut counter, 0), 33);
    for day in 1..4 {
        assert!(count(&mut counter, day) <= 11);
    }
}

#[test]
fn a_day_after_the_last_failure_nothing_counts() {
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
fn an_address_has_300_in_every_hour_and_waits_to_the_end_of_a_lock() {
    let mut counter = None;
    let bursts = |counter: &mut Option<Counter>, second: i64| {
        (0..1000)
            .filter(|_| attempt(counter, &Limit::ADDRESS, at(second)))
            .count()
    };
    assert_eq!(bursts(&mut counter, 0), 301);
    assert_eq!(bursts(&mut counter, 0), 0);
    assert_eq!(bursts(&mut counter, 1), 1);
    assert_eq!(bursts(&mut counter, 3_600), 301);
    // A lock that reaches over the hour's end is kept.
    let locked = Counter {
        failures: 400,
        locked_until: Some(at(3_700)),
        counted_until: Some(at(3_600)),
        last_success_at: None,
    };
    let step = |now| Limit::ADDRESS.step(Some(&locked), now);
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

#[test]
fn an_address_is_known_for_30_days_after_a_login() {
    let pair = |last_success_at| LoginCounters {
        pair: Some(Counter {
            failures: 0,
            locked_until: None,
            counted_until: None,
            last_success_at,
        }),
        ..LoginCounters::default()
    };
    assert!(!LoginCounters::default().is_known(NOW));
    assert!(!pair(None).is_known(NOW));
    let known = pair(Some(NOW));
    assert!(known.is_known(at(30 * DAY - 1)) && !known.is_known(at(30 * DAY)));
    let names = |counters: &LoginCounters, now| {
        let binding = counters.binding(now).iter();
        binding
            .map(|(counted, _)| counted.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&known, NOW), ["pair"]);
    let strangers = ["identifier", "pair", "address"];
    assert_eq!(names(&known, at(30 * DAY)), strangers);
    assert_eq!(names(&LoginCounters::default(), NOW), strangers);
}

#[test]
fn addresses_of_one_ipv6_network_are_one_address() {
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    assert_eq!(network("192.0.2.1"), "192.0.2.1");
    assert_eq!(network(""), "");
}
