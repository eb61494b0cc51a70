//! Ten thousand requests for one person's mail from a hundred addresses, by the username
//! and by the e-mail address: how many mails strangers cause, and whether the owner still
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

/// A day of requests, each stranger's by the name that the one before did not use.
#[tokio::test]
async fn ten_thousand_requests_leave_the_owner_a_code_that_works() {
    let world = World::start().await;
    world.owner_logs_in().await;
    let (mut strangers, mut owners) = (Vec::new(), Vec::new());
    let mut noted: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut refused, mut at_once) = (0, 0);
    let mut code: Option<(String, Timestamp)> = None;
    for request in 0..REQUESTS {
        let (stranger, name) = (request % STRANGERS, NAMES[request / STRANGERS % 2]);
        match world.forget(name, &format!("198.51.100.{stranger}")).await {
            202 => *noted.entry(stranger).or_default() += 1,
            429 => refused += 1,
            status => panic!("{status}"),
        }
        strangers.extend(world.deliver().await);
        if request < BURST {
            at_once = refused;
            continue;
        }
        world.clock.advance(PAUSE);
        // Whatever strangers do, a code that the owner got works for ten minutes.
        if let Some((code, at)) = &code {
            let age = world.clock.now().since(*at).as_secs();
            assert!(age >= 600 || world.accepts(code).await, "after {age} s");
        }
        if request % OWNER_EVERY == 0 {
            let name = NAMES[request / OWNER_EVERY % 2];
            assert_eq!(world.forget(name, HOME).await, 202);
            owners.extend(world.deliver().await);
            let (newest, _) = world.newest_code();
            assert!(world.accepts(&newest).await, "request {request}");
            code = Some((newest, world.clock.now()));
        }
    }
    // Each address has thirty requests at once, and thirty an hour.
    assert_eq!(at_once, BURST - STRANGERS * 30);
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
const STRANGERS: usize = 100;
const REQUESTS: usize = 10_000;
/// Requests that come at once: forty from each address.
const BURST: usize = 4_000;
/// Seconds between the others, which take a day in all.
const PAUSE: i64 = 14;
/// The owner asks about every two hours.
const OWNER_EVERY: usize = 500;
