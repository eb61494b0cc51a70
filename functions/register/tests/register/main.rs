//! A registration with an address that is free, and with one that is taken, if the service
//! sends mail: the same calls with the same outcomes, and the same response.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod world;

use gatehouse_testing::{at, user};

use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_free_and_a_taken_address_cost_the_same_calls() {
    let mut proven = user("proven");
    proven.email_verified_at = Some(at(0));
    let held = user("helder");
    let world = World::start(&[&proven, &held]).await;
    let free = world.register("ada1", "nobody@example.org").await;
    assert_eq!(free.status, 201);
    assert_eq!(free.calls.len(), 2, "{:?}", free.calls);
    for (username, email) in [
        ("ada2", "proven@example.org"),
        ("ada3", "helder@example.org"),
        // Somebody is waiting for it.
        ("ada4", "nobody@example.org"),
    ] {
        assert_eq!(world.register(username, email).await, free, "{email}");
    }
    assert_eq!(world.tables.count("OutboxTable").await, 4);
}
