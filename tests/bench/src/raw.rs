//! Every measurement as JSON, for other statistics than the table's.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::aws::Counts;
use crate::columns::{COLUMNS, Measured};
use crate::machine;
use crate::runtime_api::Sample;

/// Returns the measurements of a run.
pub(crate) fn document(measured: &[Measured]) -> Value {
    let subjects = measured.iter().map(|measured| {
        let columns = COLUMNS.iter().filter_map(|column| {
            Some((column.heading.to_owned(), (column.value)(measured)?.into()))
        });
        json!({
            "name": measured.subject.name,
            "columns": columns.collect::<Map<String, Value>>(),
            "samples": measured.samples.iter().map(sample).collect::<Vec<_>>(),
            "at_128_mb": measured.shared.iter().map(sample).collect::<Vec<_>>(),
        })
    });
    json!({ "machine": machine::describe(), "subjects": subjects.collect::<Vec<_>>() })
}

fn sample(sample: &Sample) -> Value {
    json!({
        "init_ns": nanoseconds(sample.init),
        "init_cpu_ns": nanoseconds(sample.init_cpu),
        "first_ns": nanoseconds(sample.first),
        "first_cpu_ns": nanoseconds(sample.first_cpu),
        "warm_ns": sample.warm.iter().copied().map(nanoseconds).collect::<Vec<_>>(),
        "warm_cpu_ns": nanoseconds(sample.warm_cpu),
        "peak_memory_kib": sample.peak_memory,
        "cold_calls": counts(&sample.cold_counts),
        "warm_calls": counts(&sample.warm_counts),
    })
}

fn counts(counts: &Counts) -> Value {
    let counts = counts.iter().map(|(operation, traffic)| {
        let numbers = json!({
            "calls": traffic.calls,
            "bytes_sent": traffic.sent,
            "bytes_received": traffic.received,
        });
        (operation.clone(), numbers)
    });
    counts.collect::<Map<String, Value>>().into()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
