//! Guesses at one account, from many networks, by both of its names.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::world::{HOME, PASSWORD, World};

const WRONG: &str = "seven noisy otters at dawn";

/// A password, and a hash of it that takes a millisecond and is never replaced, since bcrypt
/// reads 72 bytes: these tests are about counting, and a busy machine must not fail them.
const LONG: &str =
    "seven quiet otters at dawn seven quiet otters at dawn seven quiet otters at dawn";
const QUICK: &str = "$2b$04$abcdefghijklmnopqrstuuYKA0VdYMJjK6ozNRA7kiEK34KK7Px1G";

/// Counts the statuses of concurrent logins.
async fn at_once(
    world: &Arc<World>,
    logins: impl IntoIterator<Item = (&'static str, String)>,
    password: &'static str,
) -> BTreeMap<u16, usize> {
    let mut running = JoinSet::new();
    for (name, address) in logins {
        let world = Arc::clone(world);
        running.spawn(async move {
            let response = world.log_in(name, password, &address).await;
            response.status().as_u16()
        });
    }
    let mut counted = BTreeMap::new();
    for status in running.join_all().await {
        *counted.entry(status).or_default() += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_guesses_compares_fewer_than_a_hundred_from_any_networks() {
    let world = World::start().await;
    world.add("ada", None).await;
    let known = [HOME, "192.0.2.2", "192.0.2.3"];
    let names = ["ada", "ada@example.org"];
    for address in known {
        for name in names {
            assert_eq!(world.log_in(name, PASSWORD, address).await.status(), 200);
        }
        world.pass(43_200);
    }
    let before = world.hasher.compared();
    for hour in 0..25 {
        for number in 0..12 {
            let stranger = format!("198.51.100.{}", hour * 10 + number);
            let address = known.get(number).map_or(stranger.as_str(), |known| known);
            for name in names {
                let status = world.log_in(name, WRONG, address).await.status().as_u16();
                assert!([401, 429].contains(&status), "{status}");
            }
            world.pass(300);
        }
    }
    // Twenty for each name in 24 hours, and three for each of its known networks: the
    // fourth comes a day after the first.
    assert_eq!(world.hasher.compared() - before, 2 * (20 + 3 * 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_lock_an_owner_out_of_a_known_network() {
    let world = World::start().await;
    world.add("ada", None).await;
    assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
    for number in 0..60 {
        let stranger = format!("198.51.100.{number}");
        world.log_in("ada", WRONG, &stranger).await;
        world.pass(2);
        if number % 10 == 9 {
            assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
            let elsewhere = world.log_in("ada", PASSWORD, "203.0.113.9").await;
            assert_eq!(elsewhere.status(), 429, "{number}");
            assert!(elsewhere.headers().contains_key("retry-after"));
        }
    }
}

/// As many as a cluster of servers that all start at once.
#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_that_arrive_together_all_log_in() {
    let world = Arc::new(World::start().await);
    world.add("ada", Some(QUICK)).await;
    for address in [HOME, HOME, "2001:db8::1"] {
        let logins = (0..32).map(|_| ("ada", address.to_owned()));
        let statuses = at_once(&world, logins, LONG).await;
        assert_eq!(statuses, BTreeMap::from([(200, 32)]), "{address}");
        world.pass(2);
    }
}

/// Others are strangers who use up the identifier's lane: the owner's logins share the three
/// of the pair.
#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_from_a_known_network_all_log_in_during_an_attack() {
    let world = Arc::new(World::start().await);
    world.add("ada", Some(QUICK)).await;
    assert_eq!(world.log_in("ada", LONG, HOME).await.status(), 200);
    for number in 0..12 {
        world
            .log_in("ada", WRONG, &format!("198.51.100.{number}"))
            .await;
        world.pass(2);
    }
    let logins = (0..16).map(|_| ("ada", HOME.to_owned()));
    let statuses = at_once(&world, logins, LONG).await;
    assert_eq!(statuses, BTreeMap::from([(200, 16)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_guesses_at_once_a_dozen_are_compared() {
    let world = Arc::new(World::start().await);
    world.add("ada", None).await;
    assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
    let before = world.hasher.compared();
    let guesses = (0..1_000).map(|number| {
        let stranger = format!("198.51.100.{}", number % 100);
        (
            "ada",
            if number % 5 == 0 {
                HOME.to_owned()
            } else {
                stranger
            },
        )
    });
    let statuses = at_once(&world, guesses, WRONG).await;
    // Ten by the identifier, three by the pair of the known network. Others do not get
    // their hash in time, or wait for a table that is busy.
    let compared = world.hasher.compared() - before;
    assert!((1..=13).contains(&compared), "{statuses:?}");
    assert!(!statuses.contains_key(&200), "{statuses:?}");
}
