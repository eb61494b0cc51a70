//! Whether the account is known from the network that asks.

use crate::world::{HOME, World};

async fn origin_of(world: &World, name: &str, address: &str) -> String {
    assert_eq!(world.forget(name, address).await.status(), 202);
    world.clock.advance(1);
    let messages = world.messages().await;
    messages.last().unwrap()["origin"].as_s().unwrap().clone()
}

/// People forget which of their names they log in with as well.
#[tokio::test]
async fn an_account_is_known_from_where_it_logs_in_by_either_name() {
    let world = World::start_with(&[]).await;
    for (owner, by) in [("ada", "ada"), ("eve", "eve@example.org")] {
        world.add(owner).await;
        world.log_in(by, HOME).await;
        for name in [owner.to_owned(), format!("{owner}@example.org")] {
            let origin = origin_of(&world, &name, HOME).await;
            assert_eq!(origin, "known_network", "{name}");
            let elsewhere = origin_of(&world, &name, "198.51.100.7").await;
            assert_eq!(elsewhere, "anyone", "{name}");
        }
    }
    assert_eq!(origin_of(&world, "bob", HOME).await, "anyone");
}

#[tokio::test]
async fn a_network_is_forgotten_45_days_after_the_last_login() {
    let world = World::start_with(&[]).await;
    world.add("ada").await;
    world.log_in("ada", HOME).await;
    world.clock.advance(45 * 86_400 - 1);
    assert_eq!(origin_of(&world, "ada", HOME).await, "known_network");
    assert_eq!(origin_of(&world, "ada", HOME).await, "anyone");
}
