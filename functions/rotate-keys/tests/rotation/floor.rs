//! Signers that remember a ring, while keys are removed from it.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::key::{KeyState, Kid, MacKid};
use gatehouse_store::{CheckedRing, KeyRemoval, KeyStoreError, RotationError, Signer};

use crate::world::{MIN_PENDING, PLACES, Place, World, token};

/// Seconds from the end of a removal to the last signature of the removed key.
const LIMIT: i64 = 10;
/// The item of the published keys.
const ITEM: (&str, &str) = ("pk", "jwks");

async fn ring(world: &World, signer: &Signer) -> CheckedRing {
    signer.ring(world.now()).await.unwrap()
}

async fn signs(world: &World, signer: &Signer) -> (Kid, MacKid) {
    let ring = ring(world, signer).await;
    let (key, mac) = ring.signers(world.now()).unwrap();
    (key.kid().clone(), mac.id())
}

async fn remove(world: &World, kid: &Kid, refresh: bool, number: u32) {
    let (rotation, token) = (world.rotation(), token(number));
    let removal = rotation.remove(kid, refresh, &token, world.now()).await;
    assert_eq!(removal.unwrap(), KeyRemoval::Done);
}

/// Four signers, whose looks and rings are of different ages, sign every second. One of
/// them read the ring just before the removal, and would keep it for five minutes.
#[tokio::test]
async fn under_load_no_signer_uses_a_removed_key_after_ten_seconds() {
    for place in PLACES {
        for refresh in [false, true] {
            let world = World::begun(place).await;
            let mut signers = Vec::new();
            for _ in 0..4 {
                signers.push(world.signer());
                ring(&world, signers.last().unwrap()).await;
                world.pass(1);
            }
            let newest = world.signer();
            let (bad, bad_mac) = signs(&world, &newest).await;
            signers.push(newest);
            remove(&world, &bad, refresh, 1).await;
            for second in 0..30 {
                for signer in &signers {
                    let ring = ring(&world, signer).await;
                    let (key, mac) = ring.signers(world.now()).unwrap();
                    let used = *key.kid() == bad;
                    assert!(!used || second < LIMIT, "{place:?} {second}");
                    let accepted = ring.mac(&bad_mac).is_some();
                    if refresh && second >= LIMIT {
                        assert!(!accepted && mac.id() != bad_mac, "{place:?} {second}");
                    } else if !refresh {
                        assert!(accepted, "{place:?} {second}: sessions go on");
                    }
                }
                world.pass(1);
            }
        }
    }
}

/// The key that signs stays published, so that looking for it in the table shows nothing.
#[tokio::test]
async fn refresh_keys_removed_with_a_key_that_does_not_sign_stop_too() {
    for place in PLACES {
        let world = World::begun(place).await;
        let signer = world.signer();
        let (active, mac) = signs(&world, &signer).await;
        let (before, _) = world.keys().await;
        let mut pending = before.signing_keys();
        let pending = pending.find(|key| key.state == KeyState::Pending);
        remove(&world, pending.unwrap().kid, true, 1).await;
        world.pass(5);
        let ring = ring(&world, &signer).await;
        assert_eq!(*ring.signers(world.now()).unwrap().0.kid(), active);
        assert!(ring.mac(&mac).is_none(), "{place:?}");
    }
}

/// The version of the table runs ahead of the ring's, which by itself refuses no signer.
#[tokio::test]
async fn a_rotation_in_its_time_leaves_the_floor_where_it_is() {
    for place in PLACES {
        let world = World::begun(place).await;
        let signer = world.signer();
        let (before, _) = signs(&world, &signer).await;
        world.rotate(&token(1)).await;
        world.pass(5);
        let (ring, published) = world.keys().await;
        assert!(published.version() > ring.version());
        assert_eq!((ring.floor(), published.floor()), (0, 0));
        assert_eq!(signs(&world, &signer).await.0, before, "{place:?}");
    }
}

/// `keys rotate --now`, twice: the ring that a signer remembers lacks the MAC key that the
/// others use by then, and their tokens would be refused as forged.
#[tokio::test]
async fn a_promotion_that_does_not_wait_for_the_signers_raises_the_floor() {
    for place in PLACES {
        let world = World::begun(place).await;
        let signer = world.signer();
        ring(&world, &signer).await;
        let rotation = world.rotation_at_once();
        for number in 1..=2 {
            let (token, now) = (token(number), world.now());
            rotation.create(&token, now).await.unwrap();
            rotation.finish(&token, now).await.unwrap();
            rotation.settle(now).await.unwrap();
        }
        world.pass(5);
        let (current, published) = world.keys().await;
        assert_eq!(published.floor(), current.version());
        let mac = current.active_mac().unwrap().id();
        assert!(ring(&world, &signer).await.mac(&mac).is_some(), "{place:?}");
    }
}

#[tokio::test]
async fn the_floor_survives_ten_rotations() {
    for place in PLACES {
        let world = World::begun(place).await;
        let bad = world.keys().await.0.active().unwrap().kid().clone();
        remove(&world, &bad, false, 100).await;
        let floor = world.keys().await.1.floor();
        for number in 1..=10 {
            world.pass(MIN_PENDING);
            world.rotate(&token(number)).await;
        }
        let (ring, published) = world.keys().await;
        assert_eq!((ring.floor(), published.floor()), (floor, floor));
    }
}

/// As after a restore from a backup, or an update from a release without floors.
#[tokio::test]
async fn a_table_without_the_floor_gets_it_back_from_the_ring() {
    for place in PLACES {
        let world = World::begun(place).await;
        let bad = world.keys().await.0.active().unwrap().kid().clone();
        remove(&world, &bad, false, 1).await;
        let (ring, published) = world.keys().await;
        let tables = &world.tables;
        tables.remove("SigningKeysTable", ITEM, "floor").await;
        assert_eq!(world.keys().await.1.floor(), 0);
        let signer = world.signer();
        signs(&world, &signer).await;
        world.step("createSecret", &token(2)).await.unwrap();
        let restored = world.keys().await.1;
        assert_eq!(restored.floor(), ring.floor());
        assert!(restored.version() > published.version());
    }
}

/// A ring from before the removal has the removed key: it may neither sign nor be
/// published again, whoever reads it. Removing the key once more ends that.
#[tokio::test]
async fn a_ring_restored_from_before_a_removal_signs_nothing() {
    for place in PLACES {
        let world = World::begun(place).await;
        let old = world.stored_ring();
        let bad = world.keys().await.0.active().unwrap().kid().clone();
        remove(&world, &bad, true, 1).await;
        world.restore_ring(&old);

        let error = world.signer().ring(world.now()).await.unwrap_err();
        let text = "the key ring (version 1) is older than the published floor (3)";
        assert_eq!(error.to_string(), text);
        let rotation = world.rotation();
        let refused = rotation.create(&token(2), world.now()).await.unwrap_err();
        let is_below = matches!(refused, RotationError::BelowFloor { ring: 1, floor: 3 });
        assert!(is_below && !refused.is_transient(), "{refused:?}");
        let published = world.keys().await.1;
        assert!(!published.entries().any(|entry| *entry.kid == bad));

        remove(&world, &bad, true, 3).await;
        let ring = world.is_settled().await;
        assert_eq!((ring.version(), ring.floor()), (5, 5));
        assert_ne!(signs(&world, &world.signer()).await.0, bad);
    }
}

/// A ring was restored, and a signer remembers the newer one, which has the key too.
#[tokio::test]
async fn a_signer_with_a_newer_ring_than_the_restored_one_stops_using_a_removed_key() {
    for place in PLACES {
        let world = World::begun(place).await;
        let old = world.stored_ring();
        world.rotate(&token(1)).await;
        let signer = world.signer();
        let (bad, bad_mac) = signs(&world, &signer).await;
        world.restore_ring(&old);
        remove(&world, &bad, true, 2).await;
        world.pass(LIMIT);
        let (kid, mac) = signs(&world, &signer).await;
        assert!(kid != bad && mac != bad_mac, "{place:?}");
        let ring = ring(&world, &signer).await;
        assert!(ring.mac(&bad_mac).is_none(), "{place:?}");
    }
}

/// Two keys were removed. The ring from before that becomes the current one again, and one of
/// them is removed from it.
#[tokio::test]
async fn a_removal_from_a_restored_ring_does_not_bring_another_removed_key_back() {
    for place in PLACES {
        let world = World::begun(place).await;
        let old = world.stored_ring();
        let ring = world.keys().await.0;
        let removed: Vec<Kid> = ring.signing_keys().map(|key| key.kid.clone()).collect();
        for (number, kid) in (1..).zip(&removed) {
            remove(&world, kid, false, number).await;
        }
        world.restore_ring(&old);
        remove(&world, &removed[0], false, 9).await;
        let (ring, published) = world.keys().await;
        let mut held = ring.signing_keys().map(|key| key.kid);
        assert!(held.all(|kid| !removed.contains(kid)), "{place:?}");
        let mut entries = published.entries().map(|key| key.kid);
        assert!(entries.all(|kid| !removed.contains(kid)), "{place:?}");
    }
}

/// The secret was deleted and created again. Its first ring begins above the floor.
#[tokio::test]
async fn a_lost_ring_begins_again_above_the_floor() {
    for place in PLACES {
        let world = World::new(place).await;
        let nothing = r#"{"version":0}"#;
        world.rotate(&token(0)).await;
        world.pass(MIN_PENDING);
        let bad = world.keys().await.0.active().unwrap().kid().clone();
        remove(&world, &bad, false, 1).await;
        world.restore_ring(nothing);
        world.rotate(&token(2)).await;
        let ring = world.is_settled().await;
        assert_eq!((ring.version(), ring.floor()), (4, 0));
        signs(&world, &world.signer()).await;
    }
}

/// A request that was stopped for longer than its deadline goes on with what it read.
#[tokio::test]
async fn a_ring_that_was_checked_ten_seconds_ago_signs_nothing() {
    let world = World::begun(Place::File).await;
    let ring = ring(&world, &world.signer()).await;
    world.pass(9);
    assert!(ring.signers(world.now()).is_ok());
    world.pass(1);
    let error = ring.signers(world.now()).unwrap_err();
    assert!(matches!(error, KeyStoreError::LookTooOld), "{error:?}");
}

/// If the floor is unknown, a key may have been removed.
#[tokio::test]
async fn a_signer_that_cannot_look_signs_nothing_and_looks_again_for_the_next_request() {
    let world = World::begun(Place::Secret).await;
    let signer = world.signer();
    ring(&world, &signer).await;
    world.pass(5);
    let tables = &world.tables;
    let invalid = AttributeValue::S("two".into());
    tables.set("SigningKeysTable", ITEM, "floor", invalid).await;
    let error = signer.ring(world.now()).await.unwrap_err();
    assert!(matches!(error, KeyStoreError::Store(_)), "{error:?}");
    assert!(
        error.to_string().ends_with("is corrupt at `floor`"),
        "{error}"
    );
    tables.remove("SigningKeysTable", ITEM, "floor").await;
    ring(&world, &signer).await;
}

/// The reread is not held back by the last one, which was a moment ago.
#[tokio::test]
async fn below_the_floor_each_request_rereads_the_secret_and_otherwise_none_does() {
    let world = World::begun(Place::Secret).await;
    let old = world.stored_ring();
    let signer = world.signer();
    let (bad, _) = signs(&world, &signer).await;
    remove(&world, &bad, true, 1).await;
    let removed = world.stored_ring();
    world.restore_ring(&old);
    world.pass(5);
    let _ = world.faults.take_calls();
    for _ in 0..2 {
        let error = signer.ring(world.now()).await.unwrap_err();
        assert!(
            matches!(error, KeyStoreError::BelowFloor { .. }),
            "{error:?}"
        );
    }
    assert_eq!(
        world.faults.take_calls(),
        ["GetItem", "GetSecretValue", "GetSecretValue"]
    );
    world.restore_ring(&removed);
    let ring = ring(&world, &signer).await;
    assert_ne!(*ring.signers(world.now()).unwrap().0.kid(), bad);
    assert_eq!(world.faults.take_calls(), ["GetSecretValue"]);
    signs(&world, &signer).await;
    assert!(world.faults.take_calls().is_empty());
}

/// A key that a client invents costs a look in a second, and never a read of the secret.
#[tokio::test]
async fn an_invented_mac_key_reads_no_secret() {
    let world = World::begun(Place::Secret).await;
    let signer = world.signer();
    ring(&world, &signer).await;
    let _ = world.faults.take_calls();
    let invented = MacKid::from_bytes([7; 8]);
    for _ in 0..3 {
        for _ in 0..3 {
            let ring = signer.ring_for_token(&invented, world.now()).await;
            assert!(ring.unwrap().mac(&invented).is_none());
        }
        world.pass(1);
    }
    assert_eq!(world.faults.take_calls(), ["GetItem", "GetItem"]);
}

/// Someone logs in again after the removal, at a process that has noticed it, and
/// refreshes a moment later at one that has not.
#[tokio::test]
async fn a_refresh_token_of_a_signer_that_is_ahead_is_accepted() {
    for place in PLACES {
        let world = World::begun(place).await;
        let behind = world.signer();
        let (bad, _) = signs(&world, &behind).await;
        remove(&world, &bad, true, 1).await;
        let (_, mac) = signs(&world, &world.signer()).await;
        world.pass(1);
        let ring = behind.ring_for_token(&mac, world.now()).await.unwrap();
        assert!(ring.mac(&mac).is_some(), "{place:?}");
    }
}

/// Verifiers reread the table every ten seconds.
#[tokio::test]
async fn a_verifier_accepts_a_removed_key_for_ten_seconds() {
    for place in PLACES {
        let world = World::begun(place).await;
        let verifier = world.verifier();
        let bad = world.keys().await.0.active().unwrap().kid().clone();
        let known = async || {
            let keys = verifier.current(world.now()).await.unwrap();
            keys.verifying().get(&bad).is_some()
        };
        assert!(known().await);
        remove(&world, &bad, false, 1).await;
        world.pass(LIMIT);
        assert!(known().await);
        world.pass(1);
        assert!(!known().await, "{place:?}");
    }
}
