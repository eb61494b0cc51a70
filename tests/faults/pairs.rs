//! Two faults in one operation: the long run.

use std::time::Instant;

use gatehouse_tests::long_run;
use gatehouse_tests::random::Random;
use serde_json::json;

use crate::fault::Fault;
use crate::injection::{CallId, Made};
use crate::matrix::Baseline;
use crate::operation::{Operation, operations};
use crate::page::{block_on, in_parallel};
use crate::people::Beginning;

/// A call, and what happens to it.
type Single = (CallId, Fault);

/// Every operation that writes, with every two faults in two of its calls, in random order: each
/// run of the long run that ends early tries others.
#[test]
#[ignore = "takes an hour, or as long as it may: `cargo long faults`"]
fn no_pair_of_faults_allows_anything_or_leaves_anything_half_done() {
    let end = long_run::time().map(|time| Instant::now() + time);
    let beginning = block_on(Beginning::make());
    let operations: Vec<&Operation> = operations().collect();
    let baselines = in_parallel(&operations, |operation| {
        block_on(Baseline::record(operation, &beginning))
    });
    let baselines = baselines
        .iter()
        .filter(|baseline| baseline.made.iter().any(Made::is_write));
    let mut pairs: Vec<_> = baselines
        .flat_map(|baseline| pairs(baseline).map(move |pair| (baseline, pair)))
        .collect();
    shuffle(&mut pairs, long_run::seed());
    let found = in_parallel(&pairs, |(baseline, pair)| {
        let is_over = end.is_some_and(|end| Instant::now() > end);
        let case = (!is_over).then(|| block_on(baseline.run(pair)));
        // Neither one for which there was no time, nor one of which a fault found nothing to break.
        case.flatten().map(|case| {
            let name = describe(baseline.operation, pair);
            let violations = case.violations.into_iter();
            violations
                .map(|violation| format!("{name}: {violation}"))
                .collect::<Vec<_>>()
        })
    });
    let tried = found.iter().flatten().count();
    let violations: Vec<String> = found.into_iter().flatten().flatten().collect();
    long_run::report(&json!({"pairs_of_faults": tried, "violations": violations.len()}));
    assert!(
        violations.is_empty(),
        "{} of {} pairs: {}",
        violations.len(),
        pairs.len(),
        violations.join("\n\n")
    );
}

/// Returns every two faults in two different calls.
fn pairs(baseline: &Baseline<'_>) -> impl Iterator<Item = [Single; 2]> + use<> {
    let mut single = Vec::new();
    for made in &baseline.made {
        for fault in Fault::ALL {
            let excepted = baseline.operation.exception(&made.id.name(), fault);
            if baseline.operation.tries(&made.id) && fault.applies_to(made) && excepted.is_none() {
                single.push((made.id.clone(), fault));
            }
        }
    }
    let mut pairs = Vec::new();
    for (index, first) in single.iter().enumerate() {
        let others = single[index + 1..].iter();
        let others = others.filter(|second| second.0 != first.0);
        pairs.extend(others.map(|second| [first.clone(), second.clone()]));
    }
    pairs.into_iter()
}

fn describe(operation: &Operation, pair: &[Single; 2]) -> String {
    let [(first, one), (second, two)] = pair;
    let (first, second) = (first.name(), second.name());
    let (one, two) = (one.name(), two.name());
    format!("{}: {first} {one}, {second} {two}", operation.name)
}

/// Puts them into an order that only depends on the seed (Fisher and Yates).
fn shuffle<T>(all: &mut [T], seed: u64) {
    let mut random = Random::new(seed);
    for last in (1..all.len()).rev() {
        let other = random.below(last as u64 + 1);
        all.swap(last, usize::try_from(other).unwrap());
    }
}
