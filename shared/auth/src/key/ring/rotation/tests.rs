use std::time::Duration;

use super::*;
use crate::key::MacKid;
use crate::key::testing::NOW;

const MIN_PENDING: Duration = Duration::from_hours(3);
const DAY: Duration = Duration::from_hours(24);

fn rules() -> RotationRules {
    RotationRules {
        algorithm: Algorithm::EdDsa,
        min_pending: MIN_PENDING,
    }
}

fn empty() -> KeyRing {
    KeyRing::parse(r#"{"version":0}"#).unwrap()
}

/// A ring in force, and the published keys that followed it.
fn begun() -> (KeyRing, PublishedKeys) {
    let ring = empty().rotate(None, rules(), NOW).unwrap().ring;
    let published = PublishedKeys::empty().settled(&ring, NOW).unwrap();
    (ring, published)
}

fn rotate(ring: KeyRing, published: &PublishedKeys, now: Timestamp) -> Rotation {
    ring.rotate(Some(published), rules(), now).unwrap()
}

fn mac_ids(ring: &KeyRing) -> Vec<MacKid> {
    ring.mac_keys().map(|entry| entry.id).collect()
}

fn states(ring: &KeyRing) -> Vec<KeyState> {
    ring.signing_keys().map(|entry| entry.state).collect()
}

#[test]
fn the_first_rotation_creates_the_first_ring() {
    let first = empty().rotate(None, rules(), NOW).unwrap();
    assert_eq!(first.step, RotationStep::First);
    assert_eq!(first.ring.version(), 1);
    assert_eq!(states(&first.ring), [KeyState::Active, KeyState::Pending]);
    assert_eq!(first.ring.active().unwrap().algorithm(), Algorithm::EdDsa);
    assert!(first.ring.follows(&empty()));
}

#[test]
fn the_pending_keys_are_promoted_and_the_active_ones_retired() {
    let (ring, published) = begun();
    let (kids, macs) = (kids(&ring), mac_ids(&ring));
    let next = rotate(ring, &published, NOW.plus(MIN_PENDING));
    assert_eq!(next.step, RotationStep::Promoted);
    let ring = next.ring;
    assert_eq!(ring.version(), 2);
    let expected = [KeyState::Retired, KeyState::Active, KeyState::Pending];
    assert_eq!(states(&ring), expected);
    let mac_states: Vec<KeyState> = ring.mac_keys().map(|entry| entry.state).collect();
    assert_eq!(mac_states, expected);
    assert_eq!(self::kids(&ring)[..2], kids);
    assert_eq!(mac_ids(&ring)[..2], macs);
}

fn kids(ring: &KeyRing) -> Vec<String> {
    ring.signing_keys()
        .map(|entry| entry.kid.to_string())
        .collect()
}

#[test]
fn a_key_is_promoted_only_after_it_was_published_for_long_enough() {
    let early = NOW.plus(MIN_PENDING).minus(Duration::from_secs(1));
    let (ring, published) = begun();
    let before = kids(&ring);
    let entry = rotate(ring, &published, early);
    let promotable_at = Some(NOW.plus(MIN_PENDING));
    assert_eq!(entry.step, RotationStep::TooEarly { promotable_at });
    assert_eq!((entry.ring.version(), kids(&entry.ring)), (1, before));
}

/// The key was generated long ago, but its publication was interrupted.
#[test]
fn the_publication_counts_and_not_the_creation_of_the_key() {
    let (ring, _) = begun();
    let late = NOW.plus(DAY);
    let published = PublishedKeys::empty().settled(&ring, late).unwrap();
    let entry = rotate(ring, &published, late.plus(Duration::from_hours(1)));
    let promotable_at = Some(late.plus(MIN_PENDING));
    assert_eq!(entry.step, RotationStep::TooEarly { promotable_at });
}

#[test]
fn a_key_that_is_not_published_is_never_promoted() {
    let later = NOW.plus(DAY);
    for published in [None, Some(PublishedKeys::empty())] {
        let (ring, _) = begun();
        let entry = ring.rotate(published.as_ref(), rules(), later).unwrap();
        let promotable_at = None;
        assert_eq!(entry.step, RotationStep::TooEarly { promotable_at });
    }
}

#[test]
fn ten_rotations_leave_one_active_key_and_one_pending_key() {
    let (mut ring, mut published) = begun();
    let mut signed = std::collections::BTreeSet::new();
    let mut now = NOW;
    for _ in 0..10 {
        now = now.plus(MIN_PENDING);
        let next = rotate(ring, &published, now);
        assert_eq!(next.step, RotationStep::Promoted);
        ring = next.ring;
        published = published.adding(&ring, now).unwrap();
        published = published.settled(&ring, now).unwrap();
        signed.insert(ring.active().unwrap().kid().clone());
        for state in [KeyState::Active, KeyState::Pending] {
            assert_eq!(
                states(&ring)
                    .into_iter()
                    .filter(|entry| *entry == state)
                    .count(),
                1
            );
        }
        // One key was retired just now; none is left that was retired three hours ago.
        assert_eq!(ring.signing_keys().count(), 3);
    }
    assert_eq!(signed.len(), 10);
    assert_eq!(ring.mac_keys().count(), 12);
    assert_eq!(published.kids(now).count(), 3);
}

#[test]
fn a_mac_key_stays_as_long_as_a_session_can_live() {
    let (ring, published) = begun();
    let old = mac_ids(&ring)[0];
    let retired = NOW.plus(DAY);
    let ring = rotate(ring, &published, retired).ring;
    let published = published.settled(&ring, retired).unwrap();
    let json = ring.to_json();
    let last = retired.plus(RETIRED_MAC_LIFE);
    for (now, kept) in [(last.minus(Duration::from_secs(1)), true), (last, false)] {
        let ring = KeyRing::parse(secrecy::ExposeSecret::expose_secret(&json)).unwrap();
        let ring = rotate(ring, &published, now).ring;
        assert_eq!(ring.mac(&old).is_some(), kept);
    }
    assert!(RETIRED_MAC_LIFE > Duration::from_hours(365 * 24 + 1));
}

/// The next ring was created, and came into force a week later. Until then, other
/// processes signed with the old one.
#[test]
fn a_retirement_counts_from_when_the_ring_came_into_force() {
    let week = Duration::from_hours(24 * 7);
    let (ring, published) = begun();
    let made = NOW.plus(DAY);
    let ring = rotate(ring, &published, made).ring;
    let in_force = made.plus(week);
    let published = published.settled(&ring, in_force).unwrap();
    let ring = rotate(ring, &published, in_force.plus(MIN_PENDING)).ring;
    let retired: Vec<Timestamp> = ring
        .mac_keys()
        .filter(|entry| entry.state == KeyState::Retired)
        .map(|entry| entry.since)
        .collect();
    assert_eq!(retired, [in_force, in_force.plus(MIN_PENDING)]);
}

#[test]
fn another_algorithm_begins_with_the_pending_key() {
    let (ring, published) = begun();
    let mut rules = rules();
    rules.algorithm = Algorithm::Es256;
    let next = ring.rotate(Some(&published), rules, NOW.plus(DAY)).unwrap();
    let algorithms: Vec<Algorithm> = next.ring.signing_keys().map(|key| key.algorithm).collect();
    assert_eq!(
        algorithms,
        [Algorithm::EdDsa, Algorithm::EdDsa, Algorithm::Es256]
    );
}

#[test]
fn a_ring_without_a_pending_key_gets_one_and_keeps_signing() {
    let (mut ring, published) = begun();
    ring.0.signing.pop();
    let active = ring.active().unwrap().kid().clone();
    let next = rotate(ring, &published, NOW.plus(DAY));
    assert_eq!(next.step, RotationStep::Prepared);
    assert_eq!(*next.ring.active().unwrap().kid(), active);
    assert_eq!(states(&next.ring), [KeyState::Active, KeyState::Pending]);
    assert_eq!(next.ring.mac_keys().count(), 2);
}

#[test]
fn a_ring_follows_its_predecessor_and_itself() {
    let (ring, published) = begun();
    let copy = KeyRing::parse(secrecy::ExposeSecret::expose_secret(&ring.to_json())).unwrap();
    let (other, _) = begun();
    assert!(copy.follows(&ring));
    assert!(!other.follows(&ring), "the same version, other keys");
    let later = NOW.plus(DAY);
    let second = rotate(ring, &published, later).ring;
    let published = published.settled(&second, later).unwrap();
    assert!(second.follows(&copy));
    assert!(!copy.follows(&second));
    let third = rotate(second, &published, later.plus(DAY)).ring;
    assert!(!third.follows(&copy), "two steps at once");
}
