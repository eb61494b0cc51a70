//! The result as Markdown: times and sizes, ratios to the first row, calls to AWS.

use std::fmt::Write;

use crate::aws::Counts;
use crate::columns::{COLUMNS, Column, Measured, count, decimal};
use crate::cost::Cost;
use crate::machine;

/// All samples of a run.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) measured: Vec<Measured>,
    /// True if subjects had a processor to themselves.
    pub(crate) pinned: bool,
    /// Why there is no column for the CPU share of 128 MB.
    pub(crate) share_error: Option<String>,
}

impl Results {
    /// Returns the tables.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write_values(&mut text);
        self.write_ratios(&mut text);
        self.write_traffic(&mut text);
        self.write_costs(&mut text);
        let _ = writeln!(text, "\nMeasured on {}.", machine::describe());
        if !self.pinned {
            text.push_str(NOT_PINNED);
        }
        if let Some(error) = &self.share_error {
            let _ = writeln!(
                text,
                "\nNothing was measured at the CPU share of 128 MB: no control group could be created ({error})."
            );
        }
        text
    }

    /// Returns the columns that have a value.
    fn columns(&self) -> Vec<&'static Column> {
        let has_value = |column: &&Column| {
            self.measured
                .iter()
                .any(|row| (column.value)(row).is_some())
        };
        COLUMNS.iter().filter(has_value).collect()
    }

    fn write_values(&self, text: &mut String) {
        let columns = self.columns();
        head(text, "subject", columns.iter().map(|column| column.heading));
        for measured in &self.measured {
            let cells = columns.iter().map(|column| match (column.value)(measured) {
                Some(value) => format!("{value:.*}", column.digits),
                None => "–".to_owned(),
            });
            row(text, &measured.subject.name, cells);
        }
    }

    fn write_ratios(&self, text: &mut String) {
        let Some((first, others)) = self
            .measured
            .split_first()
            .filter(|(_, others)| !others.is_empty())
        else {
            return;
        };
        let columns = self.columns();
        text.push('\n');
        let title = format!("ratio to {}", first.subject.name);
        head(text, &title, columns.iter().map(|column| column.heading));
        for measured in others {
            let cells = columns.iter().map(|column| {
                let ratio = (column.value)(measured).zip((column.value)(first));
                ratio.map_or_else(
                    || "–".to_owned(),
                    |(value, base)| format!("{:.2}", value / base),
                )
            });
            row(text, &measured.subject.name, cells);
        }
    }

    /// Writes what a million calls cost, and of what it consists.
    fn write_costs(&self, text: &mut String) {
        let costs = self
            .measured
            .iter()
            .map(|measured| (measured, Cost::of(measured)));
        let costs: Vec<_> = costs.filter_map(|(row, cost)| Some((row, cost?))).collect();
        if costs.is_empty() {
            return;
        }
        text.push('\n');
        head(text, "subject", COST_HEADINGS.into_iter());
        for (measured, cost) in costs {
            let subject = &measured.subject;
            let dollars = |value: f64| format!("{value:.3}");
            let cells = [
                subject.memory_mb.to_string(),
                format!("{:.0}", cost.billed_ms),
                format!("{:.1}", cost.read_units),
                format!("{:.1}", cost.write_units),
                dollars(cost.requests),
                dollars(cost.reads),
                dollars(cost.writes),
                dollars(cost.compute),
                dollars(cost.others),
                dollars(cost.sum()),
            ];
            row(text, &subject.name, cells.into_iter());
        }
    }

    /// Writes the calls to AWS, of one cold start and per warm call.
    fn write_traffic(&self, text: &mut String) {
        text.push('\n');
        let headings = ["operation", "when", "calls", "bytes sent", "bytes received"];
        head(text, "subject", headings.into_iter());
        for measured in &self.measured {
            let name = &measured.subject.name;
            if let Some(sample) = measured.samples.last() {
                write_counts(text, name, "cold start", &sample.cold_counts, 1);
            }
            if let Some(sample) = measured.warm().next() {
                let calls = sample.warm.len();
                write_counts(text, name, "warm call", &sample.warm_counts, calls);
            }
        }
    }
}

/// Units per call, then dollars per million calls.
const COST_HEADINGS: [&str; 10] = [
    "MB",
    "billed ms",
    "read units",
    "write units",
    "requests $",
    "reads $",
    "writes $",
    "compute $",
    "others $",
    "per million $",
];

const NOT_PINNED: &str = "\nSubjects shared their processors with this program, because there is \
                          only one, or no taskset.\n";

fn write_counts(text: &mut String, name: &str, when: &str, counts: &Counts, calls: usize) {
    for (operation, traffic) in counts {
        let per_call = |value: u64| decimal(value) / count(calls);
        let values = [
            operation.clone(),
            when.to_owned(),
            format!("{:.3}", per_call(traffic.calls)),
            format!("{:.0}", per_call(traffic.sent)),
            format!("{:.0}", per_call(traffic.received)),
        ];
        row(text, name, values.into_iter());
    }
}

fn head<'a>(text: &mut String, first: &str, headings: impl Iterator<Item = &'a str>) {
    let headings: Vec<&str> = headings.collect();
    row(text, first, headings.iter().map(ToString::to_string));
    row(text, "---", headings.iter().map(|_| "---:".to_owned()));
}

fn row(text: &mut String, first: &str, cells: impl Iterator<Item = String>) {
    let _ = write!(text, "| {first} |");
    for cell in cells {
        let _ = write!(text, " {cell} |");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::testing::measured;

    #[test]
    fn columns_without_values_are_left_out_and_ratios_are_to_the_first_row() {
        let results = Results {
            measured: vec![measured("ours", 1), measured("theirs", 3)],
            pinned: true,
            share_error: None,
        };
        let text = results.text();
        let (tables, _) = text.split_once("\nMeasured on").unwrap();
        insta::assert_snapshot!(tables, @"
        | subject | init ms | first ms | cold ms | cold CPU ms | warm p50 us | warm p99 us | CPU us per call | memory MB | $ per million |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        | ours | 3.00 | 1.00 | 4.00 | 2.00 | 100 | 100 | 50 | 2.0 | 0.95 |
        | theirs | 9.00 | 3.00 | 12.00 | 6.00 | 300 | 300 | 150 | 2.0 | 0.95 |

        | ratio to ours | init ms | first ms | cold ms | cold CPU ms | warm p50 us | warm p99 us | CPU us per call | memory MB | $ per million |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        | theirs | 3.00 | 3.00 | 3.00 | 3.00 | 3.00 | 3.00 | 3.00 | 1.00 | 1.00 |

        | subject | operation | when | calls | bytes sent | bytes received |
        | --- | ---: | ---: | ---: | ---: | ---: |
        | ours | GetItem | warm call | 1.000 | 100 | 10 |
        | theirs | GetItem | warm call | 1.000 | 100 | 10 |

        | subject | MB | billed ms | read units | write units | requests $ | reads $ | writes $ | compute $ | others $ | per million $ |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        | ours | 128 | 1 | 1.0 | 1.0 | 0.200 | 0.125 | 0.625 | 0.002 | 0.000 | 0.952 |
        | theirs | 128 | 3 | 1.0 | 1.0 | 0.200 | 0.125 | 0.625 | 0.005 | 0.000 | 0.955 |
        ");
    }
}
