//! Does anything about `POST /password/forgot` or `POST /email/verification` reveal whether
//! the name exists?
//!
//! Requests for known names and for unknown ones alternate, until the address has to wait
//! and beyond. Calls to DynamoDB take longer in some worlds than in others, and all worlds are measured
//! at once, because a request mostly waits.
//!
//! This is a separate test target, since other tests on the same processors would be
//! noise.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "../forgot/world.rs"]
mod world;

use std::time::{Duration, Instant};

use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::user::User;
use gatehouse_edge::Response;
use gatehouse_testing::{RecordedCall, Took, user};
use serde_json::json;

use world::{HOME, World};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_a_forgotten_password_reveals_whether_a_name_exists() {
    let measuring = LATENCIES.map(|latency| tokio::spawn(measure_in(2, latency, NAMES)));
    for (latency, took) in LATENCIES.into_iter().zip(measuring) {
        took.await.unwrap().assert_alike(&format!("{latency:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `cargo long enumeration`"]
async fn nothing_about_ten_thousand_forgotten_passwords_reveals_whether_a_name_exists() {
    let took = measure_in(8, Duration::ZERO, NAMES_OF_LONG_RUN).await;
    took.assert_nearly_equal("forgotten_password_pairs");
}

/// Measures in several worlds at once, and returns all times.
async fn measure_in(worlds: usize, latency: Duration, names: u32) -> Took {
    let measuring: Vec<_> = (0..worlds)
        .map(|_| tokio::spawn(measure(latency, names)))
        .collect();
    let mut took = Took::default();
    for one in measuring {
        let one = one.await.unwrap();
        took.known.extend(one.known);
        took.unknown.extend(one.unknown);
    }
    took
}

/// Returns the times; the calls and the responses must be equal.
async fn measure(latency: Duration, names: u32) -> Took {
    let world = World::start_with(&[("ADDRESS_MAILS_PER_HOUR", "15")]).await;
    world.recorder.set_latency(latency);
    let mut took = Took::default();
    for number in 0..=names {
        let owner = format!("known-{number:02}");
        world.add(&owner).await;
        world.log_in(&owner, HOME).await;
        // The first request of an address writes its counter in another form.
        forget(&world, "whoever").await;
        for request in 0..PER_NAME {
            // By username and by address, and each first in every second pair.
            let domain = if request % 2 == 0 { "" } else { "@example.org" };
            let mut kinds = [("known", &mut took.known), ("never", &mut took.unknown)];
            if request / 2 % 2 == 1 {
                kinds.reverse();
            }
            let mut seen = Vec::new();
            for (kind, times) in kinds {
                let name = format!("{kind}-{number:02}{domain}");
                let (one, time) = forget(&world, &name).await;
                seen.push(one);
                // The first name opens connections.
                if number > 0 {
                    times.push(time);
                }
            }
            assert_eq!(seen[0], seen[1], "{owner}, request {request}");
            assert_eq!(seen[0].0, if request < 7 { 202 } else { 429 });
        }
        world.clock.advance(3_600);
    }
    took
}

/// Only somebody who knows the password may learn that there is such an account.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_a_request_for_another_code_reveals_whether_a_name_exists() {
    // Hashes as in a deployment; the first one shows how long they take.
    let hasher = Hasher::new(Argon2Params::default(), 2);
    let password = Password::parse("seven quiet otters at dawn").unwrap();
    let hash = hasher.hash(password, [7; 16]).await.unwrap();
    let world = World::start_with(&[("ADDRESS_MAILS_PER_HOUR", "36000")]).await;
    let mut took = Took::default();
    for number in 0..=20 {
        let owner = User {
            password_hash: Some(hash.clone()),
            ..user(&format!("known-{number:02}"))
        };
        world.tables.users().register(&owner).await.unwrap();
        for guess in 0..14 {
            let mut kinds = [("known", &mut took.known), ("never", &mut took.unknown)];
            if guess % 2 == 1 {
                kinds.reverse();
            }
            let mut seen = Vec::new();
            for (kind, times) in kinds {
                let name = format!("{kind}-{number:02}");
                let body = json!({ "username": name, "password": "not the password" });
                let _earlier = world.recorder.take();
                let started = Instant::now();
                let response = world.post("/email/verification", &body, HOME).await;
                let time = started.elapsed();
                seen.push(seen_in(&world, &response));
                if number > 0 {
                    times.push(time);
                }
            }
            // Nobody waits for attempts that are under way.
            world.clock.advance(60);
            // The counters of both names are as old, but the address's are not.
            let [one, other] = [&seen[0], &seen[1]].map(|(status, headers, calls)| {
                let calls: Vec<_> = calls
                    .iter()
                    .filter(|(_, kinds, _)| kinds != &["ip"] && kinds != &["mail"])
                    .collect();
                (status, headers.clone(), calls)
            });
            assert_eq!(one, other, "{number}, guess {guess}");
            assert_eq!(seen[0].0, if guess < 10 { 401 } else { 429 });
        }
        world.clock.advance(3_600);
    }
    took.assert_alike("another code");
    assert!(world.messages().await.is_empty(), "nothing was mailed");
}

/// The status, the headers, and the calls.
type Seen = (u16, String, Vec<RecordedCall>);

async fn forget(world: &World, name: &str) -> (Seen, Duration) {
    let _earlier = world.recorder.take();
    let started = Instant::now();
    let response = world.forget(name, HOME).await;
    let took = started.elapsed();
    (seen_in(world, &response), took)
}

fn seen_in(world: &World, response: &Response) -> Seen {
    let status = response.status().as_u16();
    let headers = format!("{:?}", response.headers());
    (status, headers, world.recorder.take())
}

/// How much longer each call takes.
const LATENCIES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(2),
    Duration::from_millis(4),
];
/// Names in each of two worlds, for a thousand requests in all.
const NAMES: u32 = 19;
/// Requests for one name: seven that are noted, and two that the address has no room for.
const PER_NAME: usize = 9;

/// Names in each of eight worlds, for 10,000 requests in all.
const NAMES_OF_LONG_RUN: u32 = 139;
