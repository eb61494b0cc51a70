//! A hash that would come too late is not started.

use std::time::Duration;

use crate::world::{HOME, PASSWORD, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_nearer_than_two_hashes_is_503_and_counts_nothing() {
    let world = World::start().await;
    world.add("ada", None).await;
    world.hasher.warm_up();
    let before = world.hasher.computed();
    for name in ["ada", "nobody"] {
        for _ in 0..20 {
            let left = Some(Duration::from_millis(1));
            let response = world.log_in_within(name, PASSWORD, HOME, left).await;
            assert_eq!(response.status(), 503);
            assert!(["1", "2"].contains(&response.headers()["retry-after"].to_str().unwrap()));
        }
    }
    assert_eq!(world.hasher.computed(), before);
    let left = Some(Duration::from_mins(1));
    let response = world.log_in_within("ada", PASSWORD, HOME, left).await;
    assert_eq!(response.status(), 200);
}

/// `cargo lambda watch` sends the first of them with every event.
#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_deadline_is_ignored() {
    let world = World::start().await;
    world.add("ada", None).await;
    let an_hour_ago = World::now_millis() - 3_600_000;
    for deadline in [600_000, an_hour_ago] {
        let response = world.log_in_with("ada", PASSWORD, HOME, deadline).await;
        assert_eq!(response.status(), 200, "{deadline}");
    }
}
