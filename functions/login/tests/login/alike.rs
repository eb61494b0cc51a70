//! A known name and an unknown one: the same calls with the same outcomes, and the same
//! response, from the first guess until long after the last that is compared.

use gatehouse_edge::Response;
use gatehouse_testing::RecordedCall;
use serde_json::Value;

use crate::world::{HOME, PASSWORD, World};

const WRONG: &str = "seven noisy otters at dawn";

/// Whatever a stranger can see, and how many passwords were hashed.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
    calls: Vec<RecordedCall>,
    hashes: u64,
}

async fn attempt(world: &World, name: &str, password: &str, address: &str) -> Seen {
    let before = world.hasher.computed();
    drop(world.calls());
    let response = world.log_in(name, password, address).await;
    Seen {
        status: response.status().as_u16(),
        headers: headers(&response),
        body: body(&response),
        calls: world.calls(),
        hashes: world.hasher.computed() - before,
    }
}

fn headers(response: &Response) -> Vec<(String, String)> {
    let headers = response.headers().iter();
    headers
        .filter(|(name, _)| !name.as_str().contains("request-id"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

fn body(response: &Response) -> Value {
    let mut body: Value = serde_json::from_slice(response.body()).unwrap();
    for id in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(id);
    }
    body
}

/// The strangers share their networks, one of them with the owner, who logs in in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_name_and_an_unknown_one_cost_the_same_calls_with_the_same_outcomes() {
    let world = World::start().await;
    world.add("ada", None).await;
    let owners = "192.0.2.77";
    for address in [HOME, owners] {
        assert_eq!(world.log_in("ada", PASSWORD, address).await.status(), 200);
        world.pass(43_200);
    }
    let mut statuses = Vec::new();
    for round in 0..18 {
        if round % 3 == 0 {
            assert_eq!(world.log_in("ada", PASSWORD, owners).await.status(), 200);
            // Here the strangers can lock the owner out: they are neighbours.
            world.log_in("ada", PASSWORD, HOME).await;
        }
        world.pass(2);
        for address in [HOME, "198.51.100.7"] {
            let known = attempt(&world, "ada", WRONG, address).await;
            let unknown = attempt(&world, "bob", WRONG, address).await;
            assert_eq!(known, unknown, "{round} {address}");
            assert_eq!(known.hashes, 1);
            statuses.push(known.status);
            world.pass(2);
        }
        world.pass(if round == 12 { 8_640 } else { 60 });
    }
    assert!(
        statuses.contains(&401) && statuses.contains(&429),
        "{statuses:?}"
    );
}

/// A text that is refused early shows that no account has it as a password.
#[tokio::test(flavor = "multi_thread")]
async fn any_text_as_a_password_costs_the_same_calls_and_a_hash() {
    let world = World::start().await;
    let long = "x".repeat(15_000);
    for (number, text) in ["", "a\0b", "\0", " ", long.as_str(), "\u{feff}", "😀"]
        .into_iter()
        .enumerate()
    {
        let (ada, bob) = (format!("ada{number}"), format!("bob{number}"));
        world.add(&ada, None).await;
        let known = attempt(&world, &ada, text, HOME).await;
        let unknown = attempt(&world, &bob, text, HOME).await;
        assert_eq!(known, unknown, "{number}");
        assert_eq!((known.status, known.hashes, known.calls.len()), (401, 1, 4));
    }
}

/// No account has an empty password, even if another system hashed one.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_password_logs_nobody_in() {
    let world = World::start().await;
    let of_nothing = "pbkdf2_sha256$1000$somesalt$IDMl+6khm3m9FkbjoE8zaxTUWqGhC9HFZr1hsJZR94I=";
    world.add("ada", Some(of_nothing)).await;
    let seen = attempt(&world, "ada", "", HOME).await;
    assert_eq!((seen.status, seen.hashes), (401, 1));
}
