//! The table on `docs/assurance.md`: the matrix is run, and its results are compared with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gatehouse_edge::config::Environment;
use gatehouse_tests::binaries::root;

use crate::fault::Fault;
use crate::injection::CallId;
use crate::matrix::Baseline;
use crate::operation::{EXCEPTIONS, Operation, operations};
use crate::people::Beginning;

/// Operations that run side by side.
const THREADS: usize = 2;
const BEGIN: &str = "<!-- generated: faults -->\n";
const END: &str = "<!-- end of generated -->\n";

/// The cells of one operation: its calls in their order, and the outcome per fault.
type Rows = Vec<(CallId, BTreeMap<Fault, String>)>;

/// Set `UPDATE_ASSURANCE` to write the table again.
#[test]
fn no_fault_allows_anything_or_leaves_anything_half_done() {
    let (results, violations) = run_all();
    assert!(violations.is_empty(), "{}", violations.join("\n\n"));
    let table = table(&results);
    let path = root().join("docs/assurance.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (start, rest) = page.split_once(BEGIN).unwrap();
    let (current, end) = rest.split_once(END).unwrap();
    if Environment::read().text("UPDATE_ASSURANCE").is_some() {
        std::fs::write(&path, format!("{start}{BEGIN}{table}{END}{end}")).unwrap();
        return;
    }
    assert!(
        current == table,
        "docs/assurance.md is out of date: run the command that it names\n{table}"
    );
}

/// Runs every operation with every fault in every call.
fn run_all() -> (BTreeMap<usize, Rows>, Vec<String>) {
    let beginning = block_on(Beginning::make());
    let environment = Environment::read();
    let wanted = environment.text("ONLY").unwrap_or_default();
    let operations = operations().enumerate();
    let operations = operations.filter(|(_, operation)| operation.name.contains(wanted));
    let operations: Vec<_> = operations.collect();
    let ran = in_parallel(&operations, |(index, operation)| {
        let baseline = block_on(Baseline::record(operation, &beginning));
        let (rows, violations) = run(&baseline);
        (*index, rows, violations)
    });
    let (mut results, mut violations) = (BTreeMap::new(), Vec::new());
    for (index, rows, found) in ran {
        results.insert(index, rows);
        violations.extend(found);
    }
    (results, violations)
}

/// Runs a closure for each of these, a few at a time.
pub(crate) fn in_parallel<T: Sync, R: Send>(of: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(one) = of.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let result = run(one);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn run(baseline: &Baseline<'_>) -> (Rows, Vec<String>) {
    let (mut rows, mut violations) = (Rows::new(), Vec::new());
    let made = baseline.made.iter();
    for made in made.filter(|made| baseline.operation.tries(&made.id)) {
        let mut cells = BTreeMap::new();
        for fault in Fault::ALL {
            if !fault.applies_to(made) {
                continue;
            }
            let Some(case) = block_on(baseline.run(&[(made.id.clone(), fault)])) else {
                continue;
            };
            let (name, call) = (baseline.operation.name, made.id.name());
            let mut outcome = case.outcome.clone();
            match baseline.operation.exception(&call, fault) {
                Some(number) => write!(outcome, " ({})", number + 1).unwrap(),
                None => violations.extend(case.violations.iter().map(|violation| {
                    let (fault, outcome) = (fault.name(), &case.outcome);
                    format!("{name}, {call}, {fault}: {outcome}: {violation}")
                })),
            }
            // If the operation did not need the call, the next request finds out.
            if fault == Fault::Expired && case.outcome != baseline.operation.clean {
                outcome.push_str(", ends");
            }
            cells.insert(fault, outcome);
        }
        rows.push((made.id.clone(), cells));
    }
    (rows, violations)
}

/// Runs a future on a paused clock, which advances when everything waits.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

fn table(results: &BTreeMap<usize, Rows>) -> String {
    let mut table = String::new();
    let names: Vec<String> = Fault::ALL.map(Fault::name).to_vec();
    let line = "| --- ".repeat(names.len() + 2);
    writeln!(
        table,
        "| operation | call | {} |\n{line}|",
        names.join(" | ")
    )
    .unwrap();
    let operations: Vec<&Operation> = operations().collect();
    for (index, rows) in results {
        let operation = operations[*index];
        for (call, cells) in rows {
            let cells = Fault::ALL.map(|fault| match cells.get(&fault) {
                Some(outcome) if outcome == operation.clean => "=",
                Some(outcome) => outcome.as_str(),
                None => "",
            });
            let (name, call) = (operation.name, call.name());
            writeln!(table, "| {name} | {call} | {} |", cells.join(" | ")).unwrap();
        }
    }
    for (number, exception) in EXCEPTIONS.iter().enumerate() {
        let number = number + 1;
        writeln!(table, "\n({number}) {}.", exception.reason).unwrap();
    }
    table
}
