//! Does anything about a registration reveal whether somebody has the e-mail address?
//!
//! Registrations with addresses that someone has verified, and with free ones, alternate.
//! Calls to DynamoDB take longer from round to round.
//!
//! This is a separate test target, since other tests on the same processors would be
//! noise.
#![expect(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and the other tests use more of the world"
)]

#[path = "../register/world.rs"]
mod world;

use std::time::{Duration, Instant};

use gatehouse_auth::user::User;
use gatehouse_testing::{Took, at, user};

use world::{Seen, World};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_a_registration_reveals_whether_an_address_is_taken() {
    for (latency, addresses) in LATENCIES {
        let took = measure(latency, addresses).await;
        took.assert_alike(&format!("{latency:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes ten minutes: `cargo long enumeration`"]
async fn nothing_about_ten_thousand_registrations_reveals_whether_an_address_is_taken() {
    let took = measure(Duration::ZERO, 10_000).await;
    took.assert_nearly_equal("registration_pairs");
}

/// Returns the times; the calls and the responses must be equal.
async fn measure(latency: Duration, addresses: usize) -> Took {
    let owners = (0..=addresses).map(|number| User {
        email_verified_at: Some(at(0)),
        ..user(&format!("taken-{number:05}"))
    });
    let owners: Vec<User> = owners.collect();
    let world = World::start(&owners.iter().collect::<Vec<_>>()).await;
    world.recorder.set_latency(latency);
    let mut took = Took::default();
    for number in 0..=addresses {
        // Each first in every second pair.
        let mut kinds = [("taken", &mut took.known), ("never", &mut took.unknown)];
        if number % 2 == 1 {
            kinds.reverse();
        }
        let mut seen: Vec<Seen> = Vec::new();
        for (place, (kind, times)) in kinds.into_iter().enumerate() {
            // From a network of its own, as the counter counts.
            let username = format!("ada{}", number * 2 + place);
            let email = format!("{kind}-{number:05}@example.org");
            let started = Instant::now();
            let one = world.register(&username, &email).await;
            let time = started.elapsed();
            assert_eq!(one.status, 201, "{email}");
            seen.push(one);
            // The first pair opens connections.
            if number > 0 {
                times.push(time);
            }
        }
        let (first, second) = (seen.remove(0), seen.remove(0));
        assert_eq!(first.calls, second.calls, "{number}");
        assert_eq!((first.headers, first.body), (second.headers, second.body));
    }
    took
}

/// How much longer each call takes, and at how many addresses the registrations are.
const LATENCIES: [(Duration, usize); 2] = [(Duration::ZERO, 700), (Duration::from_millis(4), 300)];
