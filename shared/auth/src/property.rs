//! How many cases a property test tries, and how to repeat one that failed.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

use crate::random;

/// How many cases each property test tries, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 10_000;

/// Returns the settings of every property test. The seed is printed, and so is shown if the
/// test fails; nothing is written beside the sources.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a variable of proptest, not a setting of ours; libtest shows what a failed test printed"
)]
pub(crate) fn config() -> ProptestConfig {
    let read = ProptestConfig::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => read.cases,
        None => CASES,
    };
    let seed = match read.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => u64::from_be_bytes(random::bytes().unwrap()),
    };
    println!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases} repeats this");
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..read
    }
}
