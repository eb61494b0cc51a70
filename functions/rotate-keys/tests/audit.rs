//! What a rotation logs: that it happened, and no key.
//!
//! The only test of its process: a subscriber may miss what other threads log while
//! it is set.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, and the other tests use more of the world"
)]

#[path = "rotation/world.rs"]
mod world;

use gatehouse_testing::LogBuffer;
use lambda_runtime::Context;
use serde_json::json;
use tracing::level_filters::LevelFilter;
use world::{PLACES, World, token};

#[tokio::test]
async fn a_rotation_is_audited_once_and_only_if_it_changes_something() {
    for place in PLACES {
        let logs = LogBuffer::default();
        let _guard = logs.capture(LevelFilter::INFO);
        let world = World::begun(place).await;
        drop(logs.take());

        world.rotate(&token(1)).await;
        world.rotate(&token(1)).await;
        let lines = logs.take();
        assert_eq!(lines.matches("event=\"key_rotated\"").count(), 1, "{lines}");
        for key in ["\"d\"", "\"k\""] {
            assert!(!lines.contains(key), "{lines}");
        }

        world.rotate(&token(2)).await;
        let lines = logs.take();
        assert!(lines.contains("too early to rotate"), "{lines}");
        assert!(!lines.contains("key_rotated"), "{lines}");

        // The alarm is raised at two intervals of 30 days.
        for (days, intervals) in [(0, "0.0"), (15, "0.5"), (45, "2.0")] {
            world.pass(days * 86_400);
            let event = json!({ "measure": "rotation" });
            let (app, context) = (world.app(), Context::default());
            rotate_keys::handle(&app, event, &context).await.unwrap();
            let lines = logs.take();
            let measured = format!("\"rotation_intervals_since_the_last\":{intervals}}}");
            assert!(lines.contains(&measured), "{lines}");
        }
    }
}
