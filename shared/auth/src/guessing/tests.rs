mod model;

use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// Enters a lane as a store does; returns false if it is full.
fn enter(lane: &Lane, counter: &mut Counter, now: Timestamp) -> bool {
    counter.tat = match (lane.state(counter.tat, now), counter.tat) {
        (LaneState::Full { .. }, _) => return false,
        (LaneState::Filling, Some(tat)) => Some(tat + lane.period()),
        (LaneState::Drained | LaneState::Filling, _) => Some(lane.first(now)),
    };
    counter.reserved_at = Some(now);
    true
}

/// Leaves a lane as a store does.
fn leave(lane: &Lane, counter: &mut Counter) {
    counter.tat = counter.tat.and_then(|tat| tat.checked_sub(lane.period()));
}

/// The seconds at which an attacker who never stops guessing gets an attempt.
fn admitted(lane: &Lane, seconds: std::ops::Range<i64>) -> Vec<i64> {
    let mut counter = Counter::default();
    let mut gets_in = |second: &i64| enter(lane, &mut counter, at(*second));
    seconds.filter(|second| gets_in(second)).collect()
}

/// Rows: a lane, how many it admits at once, and in a day to an attacker who waits before
/// it so that all of them fall within the same 24 hours.
#[test]
fn a_lane_admits_a_burst_and_then_one_in_each_period() {
    for (lane, burst, day) in [
        (Lane::IDENTIFIER, 10, 20),
        (Lane::PAIR, 3, 4),
        (Lane::SUBJECT, 5, 10),
        (Lane::NEWLY_KNOWN, 1, 3),
        (Lane::RECIPIENT, 5, 20),
        (Lane::address(300), 300, 7_500),
        (Lane::address(1), 1, 25),
    ] {
        let mut counter = Counter::default();
        let at_once = (0..1_000).filter(|_| enter(&lane, &mut counter, NOW));
        assert_eq!(at_once.count(), burst, "{lane:?}");
        // The burst is in the first second, so a window that begins with it has them all.
        let mut counter = Counter::default();
        let seconds = (0..=DAY).flat_map(|second| [second; 2]);
        let mut all = (0..1_000)
            .filter(|_| enter(&lane, &mut counter, NOW))
            .count();
        all += seconds
            .filter(|second| enter(&lane, &mut counter, at(*second)))
            .count();
        assert_eq!(all, day, "{lane:?}");
        assert_eq!(lane.per_day(), all as u128, "{lane:?}");
    }
}

/// Twice (by name and by address) 20 of strangers and 4 of each of 6 networks, and 10 with a
/// stolen token.
#[test]
fn an_account_gets_at_most_98_guesses_a_day() {
    assert_eq!(lane::GUESSES_PER_DAY, 98);
}

#[test]
fn a_recipient_gets_at_most_five_mails_in_any_hour() {
    let all = admitted(&Lane::RECIPIENT, 0..DAY);
    for first in &all {
        let within = all
            .iter()
            .filter(|one| (*first..first + 3600).contains(one));
        assert!(within.count() <= 5, "{first}");
    }
}

/// No window starts over: the second day is no better than the first.
#[test]
fn an_attacker_who_never_stops_guessing_gets_no_second_burst() {
    let all = admitted(&Lane::IDENTIFIER, 0..4 * DAY);
    for day in 1..4 {
        let of_day = all.iter().filter(|second| **second / DAY == day);
        assert_eq!(of_day.count(), 10, "{day}");
    }
}

#[test]
fn a_full_lane_says_how_long_it_stays_full() {
    let mut counter = Counter::default();
    let at_once = (0..1_000).filter(|_| enter(&Lane::IDENTIFIER, &mut counter, NOW));
    assert_eq!(at_once.count(), 10);
    let wait = Duration::from_hours(2) + Duration::from_mins(24);
    let state = |seconds| Lane::IDENTIFIER.state(counter.tat, at(seconds));
    assert_eq!(state(0), LaneState::Full { wait });
    let wait = Duration::from_secs(1);
    assert_eq!(state(8_639), LaneState::Full { wait });
    assert_eq!(state(8_640), LaneState::Filling);
    assert_eq!(state(DAY - 1), LaneState::Filling);
    assert_eq!(state(DAY), LaneState::Drained);
}

#[test]
fn what_is_given_back_leaves_no_trace() {
    let lane = Lane::IDENTIFIER;
    let mut counter = Counter::default();
    for attempt in 0..100 {
        assert!(enter(&lane, &mut counter, at(attempt)));
        leave(&lane, &mut counter);
    }
    assert_eq!(lane.state(counter.tat, at(100)), LaneState::Drained);
}

#[test]
fn three_networks_are_known_and_the_one_used_longest_ago_gives_way() {
    let mut known = KnownNetworks::default();
    for (second, network) in ["a", "b", "c", "a", "d"].into_iter().enumerate() {
        known = known.with(network, at(i64::try_from(second).unwrap()));
    }
    let left: Vec<_> = known
        .iter()
        .map(|(network, at)| (network, at.unix()))
        .collect();
    let time = |seconds| at(seconds).unix();
    assert_eq!(left, [("a", time(3)), ("c", time(2)), ("d", time(4))]);
}

#[test]
fn a_network_stays_known_for_45_days_after_a_login() {
    let known = KnownNetworks::default().with("home", NOW);
    assert!(known.contains("home", at(45 * DAY - 1)));
    assert!(!known.contains("home", at(45 * DAY)));
    assert!(!known.contains("elsewhere", NOW));
    assert!(!known.is_aging("home", at(15 * DAY - 1)));
    assert!(known.is_aging("home", at(15 * DAY)));
    assert!(!known.is_aging("home", at(45 * DAY)));
    let later = known.with("office", at(45 * DAY));
    assert_eq!(later.iter().count(), 1);
}

#[test]
fn three_networks_at_most_become_known_in_a_day() {
    let mut counter = Counter::default();
    let mut added = Vec::new();
    for hour in 0..48 {
        let now = at(hour * 3_600);
        match counter.mark(&format!("network {hour}"), now) {
            Mark::Add(known) => {
                counter.known = known;
                counter.known_tat = Some(Lane::NEWLY_KNOWN.first(now));
                added.push(hour);
            }
            Mark::Leave => {}
            Mark::Refresh => panic!("{hour}"),
        }
    }
    assert_eq!(added, [0, 12, 24, 36]);
    assert_eq!(counter.mark("network 36", at(2 * DAY)), Mark::Refresh);
}

#[test]
fn an_attempt_is_under_way_for_a_second() {
    let mut counter = Counter::default();
    assert!(!counter.is_busy(NOW));
    enter(&Lane::PAIR, &mut counter, NOW);
    assert!(counter.is_busy(NOW) && counter.is_busy(at(1)));
    assert!(!counter.is_busy(at(2)));
}

/// Rows: how many attempts the identifier and the address have had, whether the identifier counts
/// the next one, and otherwise which of them the client waits for, and how long.
#[test]
fn a_refused_client_waits_for_the_counter_that_is_full_for_longer() {
    let lane = Lane::address(2);
    let had = |lane: &Lane, attempts: usize| {
        let mut counter = Counter::default();
        for _ in 0..attempts {
            assert!(enter(lane, &mut counter, NOW));
        }
        counter
    };
    for (identifier, address, is_open, name, seconds) in [
        (9, 1, true, "identifier", 1),
        (10, 1, false, "identifier", 144 * 60),
        (9, 2, false, "address", 30 * 60),
        (10, 2, false, "identifier", 144 * 60),
        (0, 0, true, "identifier", 1),
    ] {
        let counters = LoginCounters {
            identifier: had(&Lane::IDENTIFIER, identifier),
            address: had(&lane, address),
            ..LoginCounters::default()
        };
        assert_eq!(counters.identifier_is_open(&lane, NOW), is_open);
        let (counted, wait) = counters.wait(&lane, NOW);
        assert_eq!((counted.name(), wait.as_secs()), (name, seconds));
    }
}

#[test]
fn nobody_waits_for_a_busy_identifier_whose_address_is_full() {
    let lane = Lane::address(1);
    let mut counters = LoginCounters::default();
    assert!(!counters.identifier_is_busy(&lane, NOW));
    assert!(enter(&Lane::IDENTIFIER, &mut counters.identifier, NOW));
    assert!(counters.identifier_is_busy(&lane, NOW));
    assert!(enter(&lane, &mut counters.address, NOW));
    assert!(!counters.identifier_is_busy(&lane, NOW));
}

#[test]
fn an_item_of_an_earlier_release_is_an_empty_counter() {
    let old = json!({
        "failures": 400,
        "locked_until": 9_000_000_000_u64,
        "counted_until": 9_000_000_000_u64,
        "last_success_at": 1_800_000_000,
    });
    let counter: Counter = serde_json::from_value(old).unwrap();
    assert_eq!(counter, Counter::default());
}

#[test]
fn a_counter_has_fractions_of_a_second_and_nothing_but_times() {
    let read = |tat| serde_json::from_value::<Counter>(json!({ "tat": tat }));
    let counter = read(json!(1_800_000_000.036)).unwrap();
    let millis = counter.tat.map(|tat| tat.as_micros());
    assert_eq!(millis, Some(1_800_000_000_036_000));
    for invalid in [json!("many"), json!(-1), json!(1e300), json!([])] {
        assert!(read(invalid.clone()).is_err(), "{invalid}");
    }
}

#[test]
fn addresses_of_one_ipv6_network_are_one_address() {
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    assert_eq!(network("192.0.2.1"), "192.0.2.1");
    assert_eq!(network(""), "");
}
