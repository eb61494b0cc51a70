//! How many mails a network may ask for.

use gatehouse_edge::Response;
use gatehouse_testing::{Fault, at_call};

use crate::world::{HOME, World};

fn retry_after(response: &Response) -> &str {
    let value = response.headers().get("retry-after");
    value.map_or("", |value| value.to_str().unwrap())
}

/// Whose name it is must make no difference, or the limit would show who has an account.
#[tokio::test]
async fn an_address_waits_after_its_mails_whomever_it_names() {
    let world = World::start_with(&[("ADDRESS_MAILS_PER_HOUR", "4")]).await;
    world.add("ada").await;
    for name in ["ada", "bob", "ada", ""] {
        assert_eq!(world.forget(name, HOME).await.status(), 202, "{name}");
    }
    for name in ["ada", "bob", "ada@example.org"] {
        let refused = world.forget(name, HOME).await;
        assert_eq!(
            (refused.status().as_u16(), retry_after(&refused)),
            (429, "900")
        );
    }
    assert_eq!(world.messages().await.len(), 4, "nothing more is written");
    assert_eq!(world.forget("ada", "198.51.100.7").await.status(), 202);
    world.clock.advance(900);
    assert_eq!(world.forget("ada", HOME).await.status(), 202);
    assert_eq!(world.forget("ada", HOME).await.status(), 429);
}

/// A /64 belongs to one client.
#[tokio::test]
async fn the_addresses_of_one_network_share_their_mails() {
    let world = World::start_with(&[("ADDRESS_MAILS_PER_HOUR", "2")]).await;
    for (address, status) in [
        ("2001:db8:1:2::1", 202),
        ("2001:db8:1:2:ffff::2", 202),
        ("2001:db8:1:2:3::3", 429),
        ("2001:db8:1:3::1", 202),
    ] {
        assert_eq!(
            world.forget("ada", address).await.status(),
            status,
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_failing_store_mails_nobody_and_says_so() {
    let world = World::start_with(&[]).await;
    world.add("ada").await;
    for operation in ["UpdateItem", "BatchGetItem", "GetItem", "PutItem"] {
        let faults = world.tables.faults();
        faults.inject_always(at_call(0).of(operation), Fault::Cut);
        let response = world.forget("ada", HOME).await;
        assert_eq!(response.status(), 503, "{operation}");
        assert!(world.messages().await.is_empty(), "{operation}");
        faults.clear();
    }
    assert_eq!(world.forget("ada", HOME).await.status(), 202);
}
