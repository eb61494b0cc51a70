//! The property tests of the libraries with more cases than CI has time for, round after round,
//! each with another seed: `cargo long properties`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;
use std::time::{Duration, Instant};

use gatehouse_tests::binaries::root;
use gatehouse_tests::long_run::{report, seed, time};
use serde_json::json;

/// How many cases each property tries in a round.
const CASES: u64 = 20_000;
/// Parts of the names of the tests that have properties.
const TESTS: [&str; 7] = [
    "::model::",
    "email::tests::",
    "json::tests::",
    "refresh::token::tests::",
    "token::tests::issuing::",
    "token::tests::mutation::",
    "username::",
];
/// Every property prints the number of its cases, next to its seed.
const PRINTED: &str = "PROPTEST_CASES=";
/// How many properties there are at least. Fewer mean that a name above is out of date.
const PROPERTIES: u64 = 19;

#[test]
fn every_property_holds_in_as_many_cases_as_there_is_time_for() {
    let began = Instant::now();
    for round in 0.. {
        let properties = try_all(seed().wrapping_add(round));
        report(
            &json!({"cases": properties * CASES, "properties": properties * u64::from(round == 0)}),
        );
        assert!(properties >= PROPERTIES, "only {properties} properties");
        if began.elapsed() >= time().unwrap_or(Duration::ZERO) {
            break;
        }
    }
}

/// Runs each property once, and returns how many there are.
fn try_all(seed: u64) -> u64 {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["test", "--locked", "--profile=long", "--lib"])
        .args(["--no-fail-fast", "--"])
        .args(TESTS)
        .arg("--show-output")
        .env("PROPTEST_CASES", CASES.to_string())
        .env("PROPTEST_RNG_SEED", seed.to_string())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "seed {seed}: {stdout}");
    let printed = stdout.lines().filter(|line| line.contains(PRINTED));
    u64::try_from(printed.count()).unwrap()
}
