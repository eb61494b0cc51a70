//! Concurrent rotations.

use std::sync::Arc;

use lambda_runtime::Context;

use crate::world::{PLACES, Place, STEPS, World, event, token};

async fn rotate(world: Arc<World>, token: String) {
    let app = world.app();
    for step in STEPS {
        // Concurrent steps may fail; each is then retried.
        while let Err(error) =
            rotate_keys::handle(&app, event(step, &token), &Context::default()).await
        {
            drop(error);
            tokio::task::yield_now().await;
        }
    }
}

async fn together(place: Place, tokens: [u32; 2]) {
    for _ in 0..10 {
        let world = Arc::new(World::begun(place).await);
        let both = tokens.map(|number| tokio::spawn(rotate(Arc::clone(&world), token(number))));
        for one in both {
            one.await.unwrap();
        }
        world.is_sound().await;
        // The next rotation settles what the loser left behind.
        world.rotate(&token(3)).await;
        let ring = world.is_settled().await;
        assert_eq!(ring.version(), 2, "{place:?} {tokens:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_runs_twice_at_once_happens_once() {
    for place in PLACES {
        together(place, [1, 1]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_rotations_one_happens() {
    for place in PLACES {
        together(place, [1, 2]).await;
    }
}
