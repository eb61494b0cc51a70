//! What the long run repeats with one seed after another, for as long as it may.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use gatehouse_tests::long_run;
use gatehouse_tests::random::seeds;
use serde_json::json;

/// What a try counted, by its name in the ledger.
pub(crate) type Counts = BTreeMap<&'static str, u64>;

/// How long a run without `cargo long` goes on.
const BY_ITSELF: Duration = Duration::from_mins(1);

/// Tries one seed after another on every processor until the time is over or a try panics.
/// Reports the sum of what they counted, and how many panicked.
pub(crate) fn try_seeds(one: impl Fn(u64) -> Counts + Sync) {
    let end = Instant::now() + long_run::time().unwrap_or(BY_ITSELF);
    let next = Mutex::new(seeds(long_run::seed()));
    let (sum, broken) = (Mutex::new(Counts::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while Instant::now() < end && broken.lock().unwrap().is_empty() {
                    let seed = next.lock().unwrap().next().unwrap();
                    match catch_unwind(AssertUnwindSafe(|| one(seed))) {
                        Ok(counts) => add(&mut sum.lock().unwrap(), counts),
                        Err(panic) => broken.lock().unwrap().push((seed, text(&*panic))),
                    }
                }
            });
        }
    });
    let (sum, broken) = (sum.into_inner().unwrap(), broken.into_inner().unwrap());
    let mut figures = json!(sum);
    figures["violations"] = json!(broken.len());
    long_run::report(&figures);
    assert!(broken.is_empty(), "seeds and violations: {broken:#?}");
}

/// Adds counts to others.
pub(crate) fn add(sum: &mut Counts, counts: Counts) {
    for (name, count) in counts {
        *sum.entry(name).or_default() += count;
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let literal = || panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(literal).unwrap_or_default()
}

#[test]
fn a_run_of_the_long_run_tries_its_own_seed_first_and_never_the_seeds_of_the_next_run() {
    let of = |first| seeds(first).take(20_000).collect::<Vec<_>>();
    let (one, next) = (of(1_795_805_033), of(1_795_805_034));
    assert_eq!(one[0], 1_795_805_033);
    assert!(one.iter().all(|seed| !next.contains(seed)));
}
