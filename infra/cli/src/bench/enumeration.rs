//! Does the time of a refused login tell whether its name is somebody's?
//!
//! Logins of names that are there, with a wrong password, and of names that are not,
//! in turn and each from another address, against the function in this process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::random;

use super::statistic::{auc, median};
use super::world::World;
use crate::project;

/// Runs the bench with the default parameters, and fails where it can be told.
pub(super) async fn run(pairs: u32) -> anyhow::Result<String> {
    let hasher = Hasher::new(Argon2Params::default(), 1);
    let found = compare(&project::root()?, hasher, pairs).await?;
    let (known, unknown) = (median(&found.known), median(&found.unknown));
    let text = format!(
        "{pairs} pairs: AUC {:.4} (0.5 tells nothing; at most {LIMIT} either way)\n\
         median of names that are there {:.3} ms, of names that are not {:.3} ms\n",
        found.auc(),
        known.as_secs_f64() * 1000.0,
        unknown.as_secs_f64() * 1000.0,
    );
    ensure!(found.tells() <= LIMIT, "the two can be told apart:\n{text}");
    Ok(text)
}

/// How long the logins of either kind took.
struct Found {
    known: Vec<Duration>,
    unknown: Vec<Duration>,
}

impl Found {
    fn auc(&self) -> f64 {
        auc(&self.known, &self.unknown)
    }

    /// The same whichever kind is the slower one.
    fn tells(&self) -> f64 {
        let auc = self.auc();
        auc.max(1.0 - auc)
    }
}

async fn compare(root: &Path, hasher: Hasher, pairs: u32) -> anyhow::Result<Found> {
    let password = Password::parse("the password of everybody here")?;
    let hash = hasher.hash(password, random::bytes()?).await?;
    hasher.warm_up();
    let world = World::start(root, hasher).await?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in 0..pairs + WARM_UP {
        let name = pair / PER_NAME;
        if pair % PER_NAME == 0 {
            world.add(&format!("known-{name}"), &hash).await?;
        }
        // Of equal length, from addresses of one kind, and first in every second pair.
        let mut kinds = [("known-", &mut known), ("never-", &mut unknown)];
        if pair % 2 == 1 {
            kinds.reverse();
        }
        for (kind, took) in kinds {
            let name = format!("{kind}{name}");
            let address = address(kind, pair);
            let request = World::request(&name, "not the password of anybody", &address)?;
            let started = Instant::now();
            let answer = world.log_in(request).await;
            let elapsed = started.elapsed();
            ensure!(answer.status() == 401, "{name}: {}", answer.status());
            if pair >= WARM_UP {
                took.push(elapsed);
            }
        }
    }
    world.close().await;
    Ok(Found { known, unknown })
}

/// Nobody's address twice: counters that are shared would refuse.
fn address(kind: &str, pair: u32) -> String {
    let second = if kind == "known-" { 18 } else { 19 };
    let [_, _, third, fourth] = pair.to_be_bytes();
    format!("198.{second}.{third}.{fourth}")
}

/// The area under the curve at which ten thousand pairs fail.
const LIMIT: f64 = 0.55;
/// Guesses at one name; the counter of a name lets as many pass.
const PER_NAME: u32 = 5;
/// Pairs that are not counted: the first ones open connections.
const WARM_UP: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// With the hashes that a deployment makes by default: what is around a hash shows
    /// as much here as it does there.
    #[tokio::test]
    async fn two_thousand_pairs_of_known_and_unknown_names_cannot_be_told_apart() {
        let hasher = Hasher::new(Argon2Params::default(), 1);
        let found = compare(&root(), hasher, 2_000).await.unwrap();
        assert_eq!((found.known.len(), found.unknown.len()), (2_000, 2_000));
        assert!(found.tells() <= 0.60, "AUC {}", found.auc());
    }

    /// The same measurement, of a service that does what others do: it answers an
    /// unknown name without a hash.
    #[test]
    fn an_answer_without_a_hash_would_be_told_apart() {
        let took = |from: u64| (0..1_000).map(move |n| Duration::from_micros(from + n % 400));
        let found = Found {
            known: took(3_000).collect(),
            unknown: took(2_000).collect(),
        };
        assert!(found.tells() > 0.99);
        let turned = Found {
            known: found.unknown,
            unknown: found.known,
        };
        assert!(turned.tells() > 0.99, "a slower unknown name tells as much");
    }
}
