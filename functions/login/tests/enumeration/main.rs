//! Does anything about a refused login reveal whether the name exists?
//!
//! Guesses at known names and at unknown ones alternate, from the same few addresses, far
//! beyond what is compared; the owners log in between them, from one of those addresses
//! too. Calls to DynamoDB take longer in some worlds than in others, and all worlds are measured at
//! once, because a refusal mostly waits. The hashes are those of a deployment, since what surrounds
//! a hash shows as much here as it does there.
//!
//! This is a separate test target, since other tests on the same processors would be
//! noise.
#![expect(
    dead_code,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and the other tests use more of the world"
)]

#[path = "../login/world.rs"]
mod world;

use std::time::{Duration, Instant};

use gatehouse_auth::password::Password;
use gatehouse_edge::{Response, Step};
use gatehouse_testing::{RecordedCall, Took};

use world::{HOME, PASSWORD, World};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_a_refusal_reveals_whether_a_name_exists() {
    let measuring = LATENCIES.map(|(latency, names)| tokio::spawn(measure(latency, names)));
    for ((latency, _), took) in LATENCIES.into_iter().zip(measuring) {
        took.await.unwrap().assert_alike(&format!("{latency:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten minutes: `cargo long enumeration`"]
async fn nothing_about_ten_thousand_refusals_reveals_whether_a_name_exists() {
    let worlds = [(); 4].map(|()| tokio::spawn(measure(Duration::ZERO, NAMES_OF_LONG_RUN)));
    let mut took = Took::default();
    for world in worlds {
        let one = world.await.unwrap();
        took.known.extend(one.known);
        took.unknown.extend(one.unknown);
    }
    took.assert_nearly_equal("login_pairs");
}

/// Returns the times; the calls and the responses must be equal.
async fn measure(latency: Duration, names: u32) -> Took {
    let world = World::start_at(Step::default(), &[]).await;
    let password = Password::parse(PASSWORD).unwrap();
    let hash = world.hasher.hash(password, [7; 16]).await.unwrap();
    world.hasher.warm_up();
    world.recorder.set_latency(latency);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..=names {
        let owner = format!("known-{number:02}");
        world.add(&owner, Some(hash.expose())).await;
        for address in [HOME, SHARED[0]] {
            log_in(&world, &owner, address).await;
            world.pass(43_200);
        }
        for guess in 0..PER_NAME {
            if guess % 3 == 0 {
                log_in(&world, &owner, HOME).await;
            }
            let address = SHARED[guess % SHARED.len()];
            // Names of equal length, and each first in every second pair.
            let mut kinds = [("known", &mut known), ("never", &mut unknown)];
            if guess / 2 % 2 == 1 {
                kinds.reverse();
            }
            let mut seen = Vec::new();
            for (kind, times) in kinds {
                let (one, took) = attempt(&world, &format!("{kind}-{number:02}"), address).await;
                seen.push(one);
                // The first name opens connections.
                if number > 0 {
                    times.push(took);
                }
            }
            assert_eq!(seen[0], seen[1], "{owner}, guess {guess}");
            assert_eq!(seen[0].0, if guess < 10 { 401 } else { 429 });
            world.pass(60);
        }
    }
    Took { known, unknown }
}

/// The status, the `Retry-After`, and the calls.
type Seen = (u16, Option<String>, Vec<RecordedCall>);

async fn attempt(world: &World, name: &str, address: &str) -> (Seen, Duration) {
    drop(world.calls());
    let started = Instant::now();
    let response = world.log_in(name, "not the password of any user", address);
    let response = response.await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    ((status, retry_after(&response), world.calls()), took)
}

fn retry_after(response: &Response) -> Option<String> {
    let value = response.headers().get("retry-after")?;
    Some(value.to_str().unwrap().to_owned())
}

async fn log_in(world: &World, owner: &str, address: &str) {
    let response = world.log_in(owner, PASSWORD, address).await;
    assert_eq!(response.status(), 200, "{owner}");
    world.pass(2);
}

/// How much longer each call takes, and at how many names the guesses are.
const LATENCIES: [(Duration, u32); 3] = [
    (Duration::ZERO, 25),
    (Duration::from_millis(2), 17),
    (Duration::from_millis(4), 17),
];
/// Guesses at one name: ten that the identifier admits, three by the pair of each address,
/// and some that no lane does.
const PER_NAME: usize = 18;
/// Where all guesses come from. The first is known to the accounts.
const SHARED: [&str; 2] = ["198.18.0.1", "198.18.0.2"];

/// Names in each of four worlds, for 10,000 guesses in all.
const NAMES_OF_LONG_RUN: u32 = 139;
