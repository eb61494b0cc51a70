//! A process that is killed at any call, and the next one.

use gatehouse_testing::{At, at_call};
use lambda_runtime::Context;

use crate::world::{PLACES, Place, STEPS, World, event, token};

/// Kills a rotation at one call. Returns false if it was done before that.
async fn kill(world: &World, at: At, token: String) -> bool {
    let app = world.app();
    let all = async move {
        for step in STEPS {
            rotate_keys::handle(&app, event(step, &token), &Context::default())
                .await
                .unwrap();
        }
    };
    world.faults.kill_at(at, all).await.is_none()
}

/// Kills a rotation at every call in turn, before and after the call takes effect.
/// Each time every signature can be verified, and `next` completes the rotation.
async fn kill_everywhere(place: Place, begun: bool, next: fn(u32) -> String) -> usize {
    let mut killed = 0;
    for number in 0.. {
        for at in [at_call(number), at_call(number).after()] {
            let world = if begun {
                World::begun(place).await
            } else {
                World::new(place).await
            };
            let version = world.keys().await.0.version();
            if !kill(&world, at, token(1)).await {
                return killed;
            }
            killed += 1;
            world.is_sound().await;
            world.pass(60);
            world.rotate(&next(1)).await;
            let ring = world.is_settled().await;
            assert_eq!(ring.version(), version + 1, "{place:?} {at:?}");
        }
    }
    killed
}

#[tokio::test]
async fn a_first_rotation_killed_at_any_call_is_completed_by_repeating_it() {
    for place in PLACES {
        assert!(
            kill_everywhere(place, false, token).await >= 10,
            "{place:?}"
        );
    }
}

#[tokio::test]
async fn a_rotation_killed_at_any_call_is_completed_by_repeating_it() {
    for place in PLACES {
        assert!(kill_everywhere(place, true, token).await >= 10, "{place:?}");
    }
}

#[tokio::test]
async fn a_rotation_killed_at_any_call_is_completed_by_another() {
    for place in PLACES {
        let other = |number| token(number + 1);
        assert!(kill_everywhere(place, true, other).await >= 10, "{place:?}");
    }
}

/// The next run may come days later, and the ring may be current without the table
/// showing it.
#[tokio::test]
async fn a_retirement_that_was_not_published_is_published_by_the_next_run() {
    for place in PLACES {
        let world = World::begun(place).await;
        for step in &STEPS[..3] {
            world.step(step, &token(1)).await.unwrap();
        }
        let app = world.app();
        // A file takes no call: the ring moves before the second call to the table.
        let moved = match place {
            Place::Secret => at_call(4).after(),
            Place::File => at_call(1),
        };
        let finish = async move {
            let event = event("finishSecret", &token(1));
            rotate_keys::handle(&app, event, &Context::default())
                .await
                .unwrap();
        };
        assert!(world.faults.kill_at(moved, finish).await.is_none());
        let (ring, published) = world.is_sound().await;
        assert_eq!(ring.version(), 2);
        assert!(published.settled(&ring, world.now()).is_some());

        world.pass(86_400);
        world.step("createSecret", &token(2)).await.unwrap();
        world.is_settled().await;
        let (_, published) = world.keys().await;
        let retired = gatehouse_auth::key::KeyState::Retired;
        let mut retired = published.entries().filter(|entry| entry.state == retired);
        assert_eq!(retired.next().unwrap().since, world.now());
    }
}
