//! Does the time of a refused login reveal whether the name exists?
//!
//! Logins of known names with a wrong password and of unknown names alternate, each
//! from its own address. The hashes are those of a deployment, since what surrounds
//! a hash shows as much here as it does there.
//!
//! This is a separate test target, since other tests on the same processors would be
//! noise.
#![expect(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and the other tests use more of the world"
)]

mod statistic;
#[path = "../login/world.rs"]
mod world;

use std::time::{Duration, Instant};

use gatehouse_auth::password::Password;

use statistic::{auc, median};
use world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_refusal_does_not_reveal_whether_a_name_exists() {
    let found = measure(2_000).await;
    assert_eq!((found.known.len(), found.unknown.len()), (2_000, 2_000));
    assert!(
        found.distinguishes() <= LIMIT,
        "AUC {:.4}; medians {:?} for known names, {:?} for unknown ones",
        found.auc(),
        median(&found.known),
        median(&found.unknown),
    );
}

/// The measurement must notice a service that refuses an unknown name without a hash.
#[test]
fn a_refusal_without_a_hash_is_noticed() {
    let took = |from: u64| (0..1_000).map(move |n| Duration::from_micros(from + n % 400));
    let found = Found {
        known: took(3_000).collect(),
        unknown: took(2_000).collect(),
    };
    assert!(found.distinguishes() > 0.99);
    let reversed = Found {
        known: found.unknown,
        unknown: found.known,
    };
    assert!(
        reversed.distinguishes() > 0.99,
        "it does not matter which is slower"
    );
}

/// The area under the curve at which the test fails. Chance stays below it.
const LIMIT: f64 = 0.60;

/// How long the logins of each kind took.
struct Found {
    known: Vec<Duration>,
    unknown: Vec<Duration>,
}

impl Found {
    fn auc(&self) -> f64 {
        auc(&self.known, &self.unknown)
    }

    /// Returns the area, whichever kind is slower.
    fn distinguishes(&self) -> f64 {
        let auc = self.auc();
        auc.max(1.0 - auc)
    }
}

async fn measure(pairs: u32) -> Found {
    let world = World::start().await;
    let password = Password::parse("the password of every user").unwrap();
    let hash = world.hasher.hash(password, [7; 16]).await.unwrap();
    world.hasher.warm_up();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in 0..pairs + WARM_UP {
        let name = pair / PER_NAME;
        if pair % PER_NAME == 0 {
            let name = format!("known-{name}");
            world.add(&name, Some(hash.expose())).await;
        }
        // Names of equal length, addresses of one kind, and each first in every second pair.
        let mut kinds = [("known-", &mut known), ("never-", &mut unknown)];
        if pair % 2 == 1 {
            kinds.reverse();
        }
        for (kind, took) in kinds {
            let name = format!("{kind}{name}");
            let address = address(kind, pair);
            let started = Instant::now();
            let response = world.log_in(&name, "not the password of any user", &address);
            let response = response.await;
            let elapsed = started.elapsed();
            assert_eq!(response.status(), 401, "{name}");
            if pair >= WARM_UP {
                took.push(elapsed);
            }
        }
    }
    Found { known, unknown }
}

/// Pairs that are not counted: the first ones open connections.
const WARM_UP: u32 = 50;
/// Guesses at one name. The counter of a name allows as many.
const PER_NAME: u32 = 5;

/// Returns an address that no other login uses: shared counters would refuse.
fn address(kind: &str, pair: u32) -> String {
    let second = if kind == "known-" { 18 } else { 19 };
    let [_, _, third, fourth] = pair.to_be_bytes();
    format!("198.{second}.{third}.{fourth}")
}
