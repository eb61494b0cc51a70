//! A day of requests for one person's mail from many addresses, by the username and by the
//! e-mail address: how many mails strangers cause, and whether the owner still
//! gets a code that works.
//!
//! The functions `email` and `mailer` run in this process, one after the other, as the
//! stream of the outbox connects them.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod world;

use std::collections::BTreeMap;

use gatehouse_auth::time::Timestamp;

use world::{HOME, World};

#[tokio::test]
async fn a_flood_of_requests_leaves_the_owner_a_code_that_works() {
    flood(25).await;
}

#[tokio::test]
#[ignore = "takes minutes: `cargo long flood` runs it"]
async fn ten_thousand_requests_leave_the_owner_a_code_that_works() {
    flood(100).await;
}

/// A day of requests, a hundred from each stranger, by the name that the one before did not
/// use.
async fn flood(addresses: usize) {
    let (requests, burst) = (addresses * REQUESTS, addresses * BURST);
    let pause = DAY / i64::try_from(requests - burst).unwrap();
    let world = World::start().await;
    world.owner_logs_in().await;
    let (mut strangers, mut owners) = (Vec::new(), Vec::new());
    let mut noted: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut refused, mut at_once) = (0, 0);
    let mut code: Option<(String, Timestamp)> = None;
    for request in 0..requests {
        let (stranger, name) = (request % addresses, NAMES[request / addresses % 2]);
        let status = world.forget(name, &format!("198.51.100.{stranger}")).await;
        if status == 202 {
            *noted.entry(stranger).or_default() += 1;
        } else {
            assert_eq!(status, 429);
            refused += 1;
        }
        strangers.extend(world.deliver().await);
        if request < burst {
            at_once = refused;
            continue;
        }
        world.clock.advance(pause);
        // Whatever strangers do, a code that the owner got works for ten minutes.
        if let Some((code, at)) = &code {
            let age = world.clock.now().since(*at).as_secs();
            assert!(age >= 600 || world.accepts(code).await, "after {age} s");
        }
        if request % (requests / OWNERS) == 0 {
            let name = NAMES[request / (requests / OWNERS) % 2];
            assert_eq!(world.forget(name, HOME).await, 202);
            owners.extend(world.deliver().await);
            let (newest, _) = world.newest_code();
            assert!(world.accepts(&newest).await, "request {request}");
            code = Some((newest, world.clock.now()));
        }
    }
    // Each address has thirty requests at once, and thirty an hour.
    assert_eq!(at_once, burst - addresses * 30);
    assert!(
        noted.values().all(|noted| *noted <= 30 + 30 * 24),
        "{noted:?}"
    );
    // By whichever name, the mails are counted together.
    for mails in [&strangers, &owners] {
        assert!(most_within(mails, 3_600) <= 5, "in an hour: {mails:?}");
        assert!(most_within(mails, 86_400) <= 20, "in a day: {mails:?}");
    }
    assert!(
        strangers.len() >= 15,
        "the flood did reach the mailer: {strangers:?}"
    );
    assert!(
        owners.len() >= 8,
        "the owner's requests did so too: {owners:?}"
    );
    assert_eq!(world.messages(), 0, "nothing waits");
}

/// Returns the greatest number of times within so many seconds.
fn most_within(times: &[Timestamp], seconds: u64) -> usize {
    let within = |from: &Timestamp| {
        let since = times.iter().filter(|at| *at >= from);
        since
            .filter(|at| at.since(*from).as_secs() < seconds)
            .count()
    };
    times.iter().map(within).max().unwrap_or_default()
}

const NAMES: [&str; 2] = ["ada", "ada@example.org"];
/// Requests from each stranger.
const REQUESTS: usize = 100;
/// How many of them come at once.
const BURST: usize = 40;
/// In which the others come, in seconds.
const DAY: i64 = 84_000;
/// Requests from the owner, about every two hours.
const OWNERS: usize = 20;
