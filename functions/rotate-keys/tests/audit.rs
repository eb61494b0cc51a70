//! What is written of a rotation: that it was, and no key.
//!
//! Alone in its process: what other threads log while a subscriber is set may be
//! kept from it.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, and the other tests need more of its world"
)]

#[path = "rotation/world.rs"]
mod world;

use gatehouse_testing::LogBuffer;
use world::{PLACES, World, token};

#[tokio::test]
async fn a_rotation_is_audited_once_and_one_that_changes_nothing_is_not() {
    for place in PLACES {
        let logs = LogBuffer::default();
        let writer = logs.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let world = World::begun(place).await;
        drop(logs.take());

        world.rotate(&token(1)).await;
        world.rotate(&token(1)).await;
        let told = logs.take();
        assert_eq!(told.matches("event=\"key_rotated\"").count(), 1, "{told}");
        for key in ["\"d\"", "\"k\""] {
            assert!(!told.contains(key), "{told}");
        }

        world.rotate(&token(2)).await;
        let told = logs.take();
        assert!(told.contains("too early to rotate"), "{told}");
        assert!(!told.contains("key_rotated"), "{told}");
    }
}
