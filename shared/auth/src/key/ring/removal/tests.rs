use super::*;
use crate::key::testing::NOW;

fn ring() -> KeyRing {
    KeyRing::first(Algorithm::EdDsa, NOW).unwrap()
}

fn remove(ring: KeyRing, kid: &Kid, refresh: bool) -> KeyRing {
    ring.remove(kid, refresh, &PublishedKeys::empty(), Algorithm::EdDsa, NOW)
        .unwrap()
}

fn kid(ring: &KeyRing, state: KeyState) -> Kid {
    ring.signing_keys()
        .find(|entry| entry.state == state)
        .unwrap()
        .kid
        .clone()
}

#[test]
fn if_the_active_key_is_removed_the_pending_one_signs() {
    let ring = ring();
    let (active, pending) = (kid(&ring, KeyState::Active), kid(&ring, KeyState::Pending));
    let left = remove(ring, &active, false);
    assert_eq!(kid(&left, KeyState::Active), pending);
    assert_eq!(left.signing_keys().count(), 2);
    assert!(left.signing_keys().all(|entry| *entry.kid != active));
    assert!(left.has_removed(&active) && !left.has_removed(&pending));
    assert_eq!(left.version(), 2);
}

#[test]
fn if_the_pending_key_is_removed_another_replaces_it() {
    let ring = ring();
    let (active, pending) = (kid(&ring, KeyState::Active), kid(&ring, KeyState::Pending));
    let left = remove(ring, &pending, false);
    assert_eq!(kid(&left, KeyState::Active), active);
    assert_ne!(kid(&left, KeyState::Pending), pending);
}

#[test]
fn refresh_mac_keys_stay_unless_all_are_removed() {
    let macs = |ring: &KeyRing| ring.mac_keys().map(|entry| entry.id).collect::<Vec<_>>();
    for refresh in [false, true] {
        let ring = ring();
        let before = macs(&ring);
        let active = kid(&ring, KeyState::Active);
        let left = remove(ring, &active, refresh);
        let stayed = macs(&left).iter().any(|id| before.contains(id));
        assert_eq!(stayed, !refresh);
        assert_eq!(left.mac_keys().count(), 2);
        assert!(left.active_mac().is_some());
    }
}

#[test]
fn a_removal_survives_storage_and_repetition() {
    let ring = ring();
    let active = kid(&ring, KeyState::Active);
    let left = remove(remove(ring, &active, false), &active, false);
    let json = left.to_json();
    let json = secrecy::ExposeSecret::expose_secret(&json);
    assert_eq!(json.matches(r#""removed":["#).count(), 1);
    assert_eq!(json.matches(active.as_str()).count(), 1);
    assert!(KeyRing::parse(json).unwrap().has_removed(&active));
}

#[test]
fn a_ring_created_before_a_removal_does_not_follow_it() {
    let first = ring();
    let active = kid(&first, KeyState::Active);
    let copy = KeyRing::parse(secrecy::ExposeSecret::expose_secret(&first.to_json())).unwrap();
    let other = kid(&copy, KeyState::Pending);
    let left = remove(first, &active, false);
    assert!(!copy.follows(&left));
    assert!(!remove(copy, &other, false).follows(&left));
}

#[test]
fn a_removal_makes_its_version_the_floor() {
    let ring = ring();
    assert_eq!(ring.floor(), 0);
    let active = kid(&ring, KeyState::Active);
    let left = remove(ring, &active, false);
    assert_eq!((left.version(), left.floor()), (2, 2));
    let left = KeyRing::parse(secrecy::ExposeSecret::expose_secret(&left.to_json())).unwrap();
    assert_eq!(left.floor(), 2);
    assert_eq!(left.published().floor(), 2);
}

/// The ring was restored from a backup; the published floor is that of a later one.
#[test]
fn a_removal_from_an_older_ring_is_above_the_published_floor_and_follows_that_ring() {
    let (old, other) = (ring(), ring());
    let copy = KeyRing::parse(secrecy::ExposeSecret::expose_secret(&old.to_json())).unwrap();
    let active = kid(&old, KeyState::Active);
    let published = PublishedKeys::empty().with_floor(6);
    let left = old.remove(&active, true, &published, Algorithm::EdDsa, NOW);
    let left = left.unwrap();
    assert_eq!((left.version(), left.floor()), (7, 7));
    assert!(left.follows(&copy));
    let newer = remove(copy, &active, false);
    assert!(!left.follows(&newer), "another removal was faster");
    assert!(!newer.follows(&left));
    let pending = kid(&other, KeyState::Pending);
    let next = remove(left, &pending, false);
    assert_eq!((next.version(), next.floor()), (8, 8));
}

/// Two keys were removed, and the ring from before that was restored. Removing one of them
/// again must not bring the other one back.
#[test]
fn a_removal_from_an_older_ring_keeps_no_key_that_is_not_published() {
    let before = ring();
    let published = PublishedKeys::empty().settled(&before, NOW).unwrap();
    let backup = before.to_json();
    let backup = || KeyRing::parse(secrecy::ExposeSecret::expose_secret(&backup)).unwrap();
    let (active, pending) = (
        kid(&before, KeyState::Active),
        kid(&before, KeyState::Pending),
    );
    let left = remove(remove(before, &active, false), &pending, false);
    let published = published.settled(&left, NOW).unwrap();
    assert!(!published.admit(&backup()));
    let again = backup().remove(&active, false, &published, Algorithm::EdDsa, NOW);
    let again = again.unwrap();
    assert!(published.admit(&again));
    let mut kids = again.signing_keys().map(|entry| entry.kid);
    assert!(kids.all(|kid| *kid != active && *kid != pending));
}
