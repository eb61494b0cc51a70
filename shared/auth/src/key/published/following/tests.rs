use std::time::Duration;

use super::*;
use crate::key::testing::NOW;
use crate::key::{RotationRules, UnprovenKey};

const DAY: Duration = Duration::from_hours(24);

fn rotate(ring: KeyRing, published: &PublishedKeys, now: Timestamp) -> KeyRing {
    let rules = RotationRules {
        algorithm: Algorithm::EdDsa,
        min_pending: Duration::from_hours(3),
    };
    ring.rotate(Some(published), rules, now).unwrap().ring
}

fn begun() -> (KeyRing, PublishedKeys) {
    let ring = KeyRing::first(Algorithm::EdDsa, NOW).unwrap();
    let published = PublishedKeys::empty().settled(&ring, NOW).unwrap();
    (ring, published)
}

fn states_with_ages(published: &PublishedKeys) -> Vec<(KeyState, i64)> {
    let state_with_age =
        |entry: PublishedKeyEntry<'_>| (entry.state, entry.since.unix() - NOW.unix());
    published.entries().map(state_with_age).collect()
}

#[test]
fn publishing_adds_keys_and_changes_no_state() {
    let (ring, published) = begun();
    let later = NOW.plus(DAY);
    let next = rotate(ring, &published, later);
    let added = published.adding(&next, later).unwrap();
    assert_eq!(added.version(), published.version() + 1);
    assert_eq!(
        states_with_ages(&added),
        [
            (KeyState::Active, 0),
            (KeyState::Pending, 0),
            (KeyState::Pending, 86_400)
        ]
    );
    assert!(added.adding(&next, later).is_none());
}

#[test]
fn the_states_follow_once_the_ring_is_in_force() {
    let (ring, published) = begun();
    let made = NOW.plus(DAY);
    let next = rotate(ring, &published, made);
    let in_force = made.plus(DAY);
    let settled = published.settled(&next, in_force).unwrap();
    assert_eq!(
        states_with_ages(&settled),
        [
            (KeyState::Retired, 2 * 86_400),
            (KeyState::Active, 2 * 86_400),
            (KeyState::Pending, 2 * 86_400)
        ]
    );
    assert!(settled.settled(&next, in_force.plus(DAY / 24)).is_none());
}

#[test]
fn an_expired_retired_key_is_not_published_again_from_the_ring() {
    let (ring, published) = begun();
    let made = NOW.plus(DAY);
    let next = rotate(ring, &published, made);
    let settled = published.settled(&next, made).unwrap();
    let later = made.plus(RETIRED_LIFE);
    let pruned = settled.settled(&next, later).unwrap();
    assert_eq!(pruned.entries().count(), 2);
    assert!(pruned.settled(&next, later.plus(DAY)).is_none());
}

#[test]
fn keys_of_no_ring_are_retired_and_disappear() {
    let (ring, published) = begun();
    let other = KeyRing::first(Algorithm::EdDsa, NOW).unwrap();
    let both = published.adding(&other, NOW).unwrap();
    let later = NOW.plus(DAY);
    let settled = both.settled(&ring, later).unwrap();
    assert_eq!(
        states_with_ages(&settled)[2..],
        [(KeyState::Retired, 86_400), (KeyState::Retired, 86_400)]
    );
    let pruned = settled.settled(&ring, later.plus(RETIRED_LIFE)).unwrap();
    assert_eq!(states_with_ages(&pruned), states_with_ages(&published));
}

#[test]
fn a_key_that_was_retired_as_unowned_is_published_again() {
    let (ring, published) = begun();
    let later = NOW.plus(DAY);
    let next = rotate(ring, &published, later);
    let added = published.adding(&next, later).unwrap();
    let (ring, _) = begun();
    let forgotten = added.settled(&ring, later).unwrap();
    let again = forgotten.adding(&next, later.plus(DAY)).unwrap();
    let pending = again
        .entries()
        .find(|entry| Some(entry.kid) == next.signing_keys().last().map(|last| last.kid))
        .unwrap();
    assert_eq!(
        (pending.state, pending.since),
        (KeyState::Pending, later.plus(DAY))
    );
}

#[test]
fn a_removed_key_goes_at_once_and_is_not_published_again() {
    let (ring, published) = begun();
    let kid = ring.active().unwrap().kid().clone();
    let left = ring
        .remove(&kid, false, &PublishedKeys::empty(), Algorithm::EdDsa, NOW)
        .unwrap();
    let settled = published.settled(&left, NOW).unwrap();
    assert!(settled.entries().all(|entry| *entry.kid != kid));
    assert_eq!(settled.floor(), left.floor());
    assert!(settled.settled(&left, NOW).is_none());
    // Whoever restores the table from a backup loses the floor until the next run.
    let restored = settled.with_floor(0).settled(&left, NOW).unwrap();
    assert_eq!(restored.floor(), left.floor());
}

#[test]
fn a_lost_table_is_filled_from_the_ring() {
    let (ring, published) = begun();
    let made = NOW.plus(DAY);
    let next = rotate(ring, &published, made);
    let settled = PublishedKeys::empty().settled(&next, made).unwrap();
    assert_eq!(settled.version(), 2);
    let states: Vec<KeyState> = settled.entries().map(|entry| entry.state).collect();
    assert_eq!(
        states,
        [KeyState::Retired, KeyState::Active, KeyState::Pending]
    );
}

#[test]
fn a_ring_is_proven_by_the_keys_that_it_signs_with() {
    let (ring, published) = begun();
    assert_eq!(published.prove(&ring, NOW), Ok(()));
    let next = rotate(ring, &published, NOW.plus(DAY));
    let pending = next.signing_keys().last().unwrap().kid;
    let unproven = published.prove(&next, NOW).unwrap_err();
    assert_eq!(
        unproven.to_string(),
        format!("the published keys do not verify signatures of the key `{pending}`")
    );
    let added = published.adding(&next, NOW).unwrap();
    assert_eq!(added.prove(&next, NOW), Ok::<(), UnprovenKey>(()));
}
