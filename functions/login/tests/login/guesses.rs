//! Ten thousand guesses at one account, from a hundred addresses, by both of its names.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::world::{HOME, PASSWORD, World};

const GUESSES: usize = 10_000;

/// Returns the name and the address of a guess: the username and the e-mail address
/// in turn, from one of a hundred addresses.
fn guess(number: usize) -> (&'static str, String) {
    let name = if number.is_multiple_of(2) {
        "ada"
    } else {
        "ada@example.org"
    };
    (name, format!("198.51.100.{}", number / 2 % 100))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_guesses_computes_fewer_than_a_hundred_hashes_and_the_owner_logs_in() {
    let world = World::start().await;
    world.add("ada", None).await;
    assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
    let (mut hashed, mut refused) = (0, 0);
    for number in 0..GUESSES {
        let (name, address) = guess(number);
        let before = world.hasher.computed();
        let response = world
            .log_in(name, "seven noisy otters at dawn", &address)
            .await;
        match response.status().as_u16() {
            401 => hashed += 1,
            429 => {
                assert_eq!(world.hasher.computed(), before);
                assert!(response.headers().contains_key("retry-after"));
                refused += 1;
            }
            other => panic!("{other}"),
        }
        if number % 100 == 99 {
            assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
            // Even the right password is refused unread if its address is locked.
            let locked = world.log_in(name, PASSWORD, &address).await;
            assert_eq!(locked.status(), 429, "{number}");
        }
        world.pass(8);
    }
    assert_eq!(hashed + refused, GUESSES);
    assert!((30..=100).contains(&hashed), "{hashed} were hashed");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_guesses_compute_a_dozen_hashes_and_the_owner_logs_in() {
    let world = Arc::new(World::start().await);
    world.add("ada", None).await;
    assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
    let before = world.hasher.computed();
    let mut guesses = JoinSet::new();
    for worker in 0..100 {
        let world = Arc::clone(&world);
        guesses.spawn(async move {
            for number in (worker..GUESSES).step_by(100) {
                let (name, address) = guess(number);
                let response = world
                    .log_in(name, "seven noisy otters at dawn", &address)
                    .await;
                assert!(
                    [401, 429].contains(&response.status().as_u16()),
                    "{response:?}"
                );
            }
        });
    }
    let owner = world.log_in("ada", PASSWORD, HOME).await;
    assert_eq!(owner.status(), 200);
    guesses.join_all().await;
    // The clock stands still: five guesses are free, and one more for each name. A write
    // whose response a busy machine delays is repeated and counts twice.
    let hashed = world.hasher.computed() - before - 1;
    assert!((8..=12).contains(&hashed), "{hashed} were hashed");
}
