//! An account without a password: no login succeeds, and no response shows why.

use gatehouse_edge::Response;
use serde_json::Value;

use crate::world::{HOME, PASSWORD, World};

/// Such an account comes from Django, or has only ever logged in through another
/// service.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_costs_the_same_hash_as_a_wrong_password() {
    let world = World::start().await;
    world.add("ada", None).await;
    world.add_without_password("grace").await;
    let mut seen = Vec::new();
    for (name, typed) in [
        ("ada", "seven noisy otters at dawn"),
        ("grace", PASSWORD),
        ("grace", "!"),
        ("nobody", PASSWORD),
    ] {
        let before = world.hasher.computed();
        let response = world.log_in(name, typed, HOME).await;
        let hashes = world.hasher.computed() - before;
        seen.push((response.status(), body(&response), hashes));
    }
    assert_eq!((seen[0].0.as_u16(), seen[0].2), (401, 1));
    for other in &seen {
        assert_eq!(other, &seen[0]);
    }
}

/// These guesses count like any other: the lock comes as soon, and looks the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_is_locked_like_any_other() {
    let world = World::start().await;
    world.add("ada", None).await;
    world.add_without_password("grace").await;
    let mut statuses = Vec::new();
    for name in ["ada", "grace", "nobody"] {
        let mut seen = Vec::new();
        for _ in 0..12 {
            let response = world.log_in(name, "a wrong password", HOME).await;
            seen.push(response.status().as_u16());
            world.pass(2);
        }
        assert!(seen.contains(&429), "{seen:?}");
        statuses.push(seen);
    }
    assert_eq!(statuses[1], statuses[0]);
    assert_eq!(statuses[2], statuses[0]);
}

fn body(response: &Response) -> Value {
    let mut body: Value = serde_json::from_slice(response.body()).unwrap();
    for id in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(id).unwrap();
    }
    body
}
