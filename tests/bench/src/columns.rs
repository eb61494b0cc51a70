//! The columns of the result: what is computed from the samples of a subject.

use std::fs;
use std::time::Duration;

use crate::cost::Cost;
use crate::runtime_api::Sample;
use crate::statistics::{median, quantile};
use crate::subject::Subject;

/// The samples of a subject.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) subject: Subject,
    /// At full speed.
    pub(crate) samples: Vec<Sample>,
    /// At the CPU share of 128 MB.
    pub(crate) shared: Vec<Sample>,
}

/// A column: its heading, its value and how many digits to show after the point.
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    pub(crate) value: fn(&Measured) -> Option<f64>,
    pub(crate) digits: usize,
}

/// The columns of the table.
pub(crate) const COLUMNS: [Column; 11] = [
    Column {
        heading: "init ms",
        value: |measured| median(measured.cold(|sample| milliseconds(sample.init))),
        digits: 2,
    },
    Column {
        heading: "first ms",
        value: |measured| median(measured.cold(|sample| milliseconds(sample.first))),
        digits: 2,
    },
    Column {
        heading: "cold ms",
        value: |measured| {
            median(measured.cold(|sample| milliseconds(sample.init.saturating_add(sample.first))))
        },
        digits: 2,
    },
    Column {
        heading: "cold CPU ms",
        value: |measured| {
            let cpu = |sample: &Sample| sample.init_cpu.saturating_add(sample.first_cpu);
            median(measured.cold(|sample| milliseconds(cpu(sample))))
        },
        digits: 2,
    },
    Column {
        heading: "warm p50 us",
        value: |measured| measured.latency(0.5),
        digits: 0,
    },
    Column {
        heading: "warm p99 us",
        value: |measured| measured.latency(0.99),
        digits: 0,
    },
    Column {
        heading: "CPU us per call",
        value: Measured::cpu_per_call,
        digits: 0,
    },
    Column {
        heading: "memory MB",
        value: |measured| {
            let peak = |sample: &Sample| sample.peak_memory.map(|kib| decimal(kib) / 1024.0);
            let warm = median(measured.warm().filter_map(peak));
            warm.or_else(|| median(measured.samples.iter().filter_map(peak)))
        },
        digits: 1,
    },
    Column {
        heading: "binary KB",
        value: |measured| {
            let file = fs::metadata(&measured.subject.program).ok()?;
            let kib = decimal(file.len()) / 1024.0;
            measured.subject.is_binary.then_some(kib)
        },
        digits: 0,
    },
    Column {
        heading: "first at 128 MB ms",
        value: |measured| {
            median(
                measured
                    .shared
                    .iter()
                    .map(|sample| milliseconds(sample.first)),
            )
        },
        digits: 2,
    },
    Column {
        heading: "$ per million",
        value: |measured| Cost::of(measured).map(|cost| cost.sum()),
        digits: 2,
    },
];

impl Measured {
    fn cold(&self, value: impl Fn(&Sample) -> f64) -> impl Iterator<Item = f64> {
        self.samples.iter().map(value)
    }

    /// Returns the samples with warm calls.
    pub(crate) fn warm(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| !sample.warm.is_empty())
    }

    /// Returns the microseconds of CPU time per later event.
    pub(crate) fn cpu_per_call(&self) -> Option<f64> {
        let per_call = |sample: &Sample| microseconds(sample.warm_cpu) / count(sample.warm.len());
        median(self.warm().map(per_call))
    }

    /// Returns the median over the processes of a quantile of their calls, in microseconds.
    pub(crate) fn latency(&self, share: f64) -> Option<f64> {
        median(self.warm().filter_map(|sample| {
            let latencies: Vec<f64> = sample.warm.iter().copied().map(microseconds).collect();
            quantile(&latencies, share)
        }))
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub(crate) fn count(items: usize) -> f64 {
    decimal(u64::try_from(items).unwrap_or(u64::MAX))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes and counts stay far below 2^52"
)]
pub(crate) fn decimal(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
pub(crate) mod testing {
    use std::collections::BTreeMap;

    use super::*;
    use crate::aws::Traffic;
    use crate::units::Units;

    /// Returns a subject that took `factor` times as long.
    pub(crate) fn measured(name: &str, factor: u32) -> Measured {
        let traffic = Traffic {
            calls: 4,
            sent: 400,
            received: 40,
            units: Units {
                half_reads: 8,
                writes: 4,
            },
        };
        let sample = Sample {
            init: Duration::from_millis(3) * factor,
            init_cpu: Duration::from_millis(2) * factor,
            first: Duration::from_millis(1) * factor,
            warm: vec![Duration::from_micros(100) * factor; 4],
            warm_cpu: Duration::from_micros(200) * factor,
            peak_memory: Some(2048),
            warm_counts: BTreeMap::from([("GetItem".to_owned(), traffic)]),
            ..Sample::default()
        };
        Measured {
            subject: Subject {
                name: name.to_owned(),
                program: "/nonexistent".into(),
                arguments: Vec::new(),
                environment: Vec::new(),
                event: String::new(),
                expected: "",
                is_binary: true,
                memory_mb: 128,
                has_route: false,
            },
            samples: vec![sample],
            shared: Vec::new(),
        }
    }
}
