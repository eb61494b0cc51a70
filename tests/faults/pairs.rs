//! Two faults in one operation: the long run.

use crate::fault::Fault;
use crate::injection::CallId;
use crate::matrix::Baseline;
use crate::operation::operations;
use crate::page::{block_on, in_parallel};
use crate::people::Beginning;

/// The operations that hold sessions and accounts together.
const TRIED: [&str; 6] = [
    "refresh",
    "login",
    "logout, local",
    "logout, others",
    "logout, global",
    "delete account",
];

#[test]
#[ignore = "takes minutes: docs/development.md has the command"]
fn no_pair_of_faults_allows_anything_or_leaves_anything_half_done() {
    let beginning = block_on(Beginning::make());
    let operations = operations().filter(|one| TRIED.contains(&one.name));
    let operations: Vec<_> = operations.collect();
    let violations = in_parallel(&operations, |operation| {
        let baseline = block_on(Baseline::record(operation, &beginning));
        let mut violations = Vec::new();
        for pair in pairs(&baseline) {
            let Some(case) = block_on(baseline.run(&pair)) else {
                continue;
            };
            let [(first, one), (second, two)] = &pair;
            violations.extend(case.violations.iter().map(|violation| {
                let (first, second) = (first.name(), second.name());
                let (one, two) = (one.name(), two.name());
                let name = operation.name;
                format!("{name}: {first} {one}, {second} {two}: {violation}")
            }));
        }
        violations
    });
    let violations: Vec<String> = violations.into_iter().flatten().collect();
    assert!(violations.is_empty(), "{}", violations.join("\n\n"));
}

/// Returns every two faults in two different calls.
fn pairs(baseline: &Baseline<'_>) -> Vec<[(CallId, Fault); 2]> {
    let mut single = Vec::new();
    for made in &baseline.made {
        for fault in Fault::ALL {
            let excepted = baseline.operation.exception(&made.id.name(), fault);
            if fault.applies_to(made) && excepted.is_none() {
                single.push((made.id.clone(), fault));
            }
        }
    }
    let mut pairs = Vec::new();
    for (index, first) in single.iter().enumerate() {
        for second in &single[index + 1..] {
            if first.0 != second.0 {
                pairs.push([first.clone(), second.clone()]);
            }
        }
    }
    pairs
}
