//! Does anything about `POST /password/forgot` reveal whether the name exists?
//!
//! Requests for known names and for unknown ones alternate, until the address has to wait
//! and beyond. Calls to DynamoDB take longer from round to round.
//!
//! This is a separate test target, since other tests on the same processors would be
//! noise.
#![expect(
    dead_code,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and the other tests use more of the world"
)]

#[path = "../forgot/world.rs"]
mod world;

use std::time::{Duration, Instant};

use gatehouse_testing::{RecordedCall, Took};

use world::{HOME, World};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_a_forgotten_password_reveals_whether_a_name_exists() {
    for (latency, names) in LATENCIES {
        let took = measure(latency, names).await;
        took.assert_alike(&format!("{latency:?}"));
    }
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

/// The status, the headers, and the calls.
type Seen = (u16, String, Vec<RecordedCall>);

async fn forget(world: &World, name: &str) -> (Seen, Duration) {
    let _earlier = world.recorder.take();
    let started = Instant::now();
    let response = world.forget(name, HOME).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    let headers = format!("{:?}", response.headers());
    ((status, headers, world.recorder.take()), took)
}

/// How much longer each call takes, and at how many names the requests are.
const LATENCIES: [(Duration, u32); 3] = [
    (Duration::ZERO, 40),
    (Duration::from_millis(2), 25),
    (Duration::from_millis(4), 25),
];
/// Requests for one name: seven that are noted, and two that the address has no room for.
const PER_NAME: usize = 9;
