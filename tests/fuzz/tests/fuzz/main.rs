//! The fuzzed functions without a fuzzer: each entry of the corpus once, entries that are mutated,
//! and random bytes. `cargo long fuzz` goes on from the same corpus with libFuzzer.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::fmt;

mod corpus;
mod mutation;
mod seeds;

use gatehouse_fuzz::{TARGETS, Target};
use proptest::prelude::any;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

use corpus::entries;

/// How many mutations of entries of the corpus each target reads.
const MUTATED: u32 = 2_000;
/// How many random texts each target reads.
const RANDOM: u32 = 1_000;

#[test]
fn every_entry_of_the_corpus_keeps_the_promises() {
    for target in TARGETS {
        let entries = entries(target);
        assert!(
            entries.len() >= 10,
            "{}: {} entries",
            target.name,
            entries.len()
        );
        for entry in entries {
            (target.run)(&entry);
        }
    }
}

#[test]
fn no_mutation_of_an_entry_breaks_a_promise() {
    for target in TARGETS {
        let entries = entries(target);
        let mutated = mutation::of(entries.len());
        run(
            target,
            MUTATED,
            mutated.prop_map(move |mutated| mutated.apply(&entries)),
        );
    }
}

#[test]
fn no_random_bytes_break_a_promise() {
    for target in TARGETS {
        run(
            target,
            RANDOM,
            proptest::collection::vec(any::<u8>(), 0..256),
        );
    }
}

/// Bytes that a failure shows as text.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

fn run(target: Target, cases: u32, bytes: impl Strategy<Value = Vec<u8>>) {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let bytes = bytes.prop_map(Bytes);
    let tried = TestRunner::new(config).run(&bytes, |bytes| {
        (target.run)(&bytes.0);
        Ok(())
    });
    assert!(tried.is_ok(), "{}: {}", target.name, tried.unwrap_err());
}
