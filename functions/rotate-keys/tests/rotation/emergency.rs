//! Removing a key, and everything that could bring it back.

use gatehouse_auth::key::{KeyState, Kid};
use gatehouse_store::KeyRemoval;

use gatehouse_testing::{At, at_call};

use crate::world::{PLACES, STEPS, World, token};

async fn active(world: &World) -> Kid {
    world.keys().await.0.active().unwrap().kid().clone()
}

async fn remove(world: &World, kid: &Kid, refresh: bool, number: u32) -> KeyRemoval {
    let rotation = world.rotation();
    let (token, now) = (token(number), world.now());
    let removal = rotation.remove(kid, refresh, &token, now).await;
    removal.unwrap()
}

async fn is_gone(world: &World, kid: &Kid) {
    let ring = world.is_settled().await;
    let (_, published) = world.keys().await;
    assert!(!ring.signing_keys().any(|entry| entry.kid == kid));
    assert!(!published.entries().any(|entry| entry.kid == kid));
    // Whatever version still had the key, no signer may use it.
    assert!(published.floor() > 1 && published.floor() == ring.floor());
}

#[tokio::test]
async fn a_removed_key_is_gone_at_once_and_the_pending_one_signs() {
    for place in PLACES {
        let world = World::begun(place).await;
        let bad = active(&world).await;
        assert_eq!(remove(&world, &bad, false, 1).await, KeyRemoval::Done);
        is_gone(&world, &bad).await;
        assert_eq!(remove(&world, &bad, false, 2).await, KeyRemoval::Unknown);
    }
}

#[tokio::test]
async fn a_removal_can_take_every_refresh_mac_key_with_it() {
    for place in PLACES {
        let world = World::begun(place).await;
        let before = world.keys().await.0;
        let bad = active(&world).await;
        remove(&world, &bad, true, 1).await;
        let after = world.is_settled().await;
        for entry in before.mac_keys() {
            assert!(after.mac(&entry.id).is_none());
        }
        assert!(after.active_mac().is_some());
    }
}

#[tokio::test]
async fn a_removal_killed_at_any_call_is_completed_by_repeating_it() {
    for place in PLACES {
        let mut killed = 0;
        for at in (0..20).flat_map(|number| [at_call(number), at_call(number).after()]) {
            let world = World::begun(place).await;
            let bad = active(&world).await;
            if !kill(&world, &bad, at).await {
                break;
            }
            killed += 1;
            world.is_sound().await;
            remove(&world, &bad, false, 2).await;
            is_gone(&world, &bad).await;
        }
        assert!(killed >= 5, "{place:?}");
    }
}

/// Once the key has left the ring, the next rotation publishes that.
#[tokio::test]
async fn a_removal_killed_late_is_completed_by_the_next_rotation() {
    for place in PLACES {
        let mut completed = 0;
        for at in (0..20).flat_map(|number| [at_call(number), at_call(number).after()]) {
            let world = World::begun(place).await;
            let bad = active(&world).await;
            if !kill(&world, &bad, at).await {
                break;
            }
            let (ring, published) = world.is_sound().await;
            let is_published = published.entries().any(|entry| *entry.kid == bad);
            if ring.has_removed(&bad) && is_published {
                world.step("createSecret", &token(2)).await.unwrap();
                is_gone(&world, &bad).await;
                completed += 1;
            }
        }
        assert!(completed >= 2, "{place:?}");
    }
}

/// Kills a removal at one call. Returns false if it was done before that.
async fn kill(world: &World, kid: &Kid, at: At) -> bool {
    let (rotation, kid, now) = (world.rotation(), kid.clone(), world.now());
    let removal = async move { rotation.remove(&kid, false, &token(1), now).await.unwrap() };
    world.faults.kill_at(at, removal).await.is_none()
}

/// The staged ring was created before the removal, and still has the key.
#[tokio::test]
async fn a_rotation_that_began_before_a_removal_cannot_bring_the_key_back() {
    for place in PLACES {
        for done in 1..STEPS.len() {
            let world = World::begun(place).await;
            for step in &STEPS[..done] {
                world.step(step, &token(1)).await.unwrap();
            }
            let bad = active(&world).await;
            remove(&world, &bad, false, 2).await;
            for step in &STEPS[done..] {
                world.step(step, &token(1)).await.unwrap();
            }
            is_gone(&world, &bad).await;
        }
    }
}

#[tokio::test]
async fn a_retired_key_can_be_removed_and_an_unknown_one_cannot() {
    for place in PLACES {
        let world = World::begun(place).await;
        let bad = active(&world).await;
        world.rotate(&token(1)).await;
        let ring = world.is_settled().await;
        let retired = |entry: &gatehouse_auth::key::SigningKeyEntry<'_>| {
            *entry.kid == bad && entry.state == KeyState::Retired
        };
        assert!(ring.signing_keys().any(|entry| retired(&entry)));
        remove(&world, &bad, false, 2).await;
        is_gone(&world, &bad).await;
        let unknown = Kid::parse("unknown").unwrap();
        assert_eq!(
            remove(&world, &unknown, false, 3).await,
            KeyRemoval::Unknown
        );
    }
}
