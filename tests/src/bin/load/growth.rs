//! What requests cost with 10 users, with 1,000 and with a million, each with a session and a
//! revocation: calls, units, and CPU time. The stacks take turns.

mod requests;
mod stage;

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gatehouse_tests::long_run;
use serde_json::json;

use crate::options::Options;
use crate::{chart, print, programs, say};
use requests::REQUESTS;
use stage::Stage;

/// The numbers of users, before the largest one.
const SMALL: [usize; 2] = [10, 1_000];
/// The largest number by default.
const LARGEST: usize = 1_000_000;
/// How often each stack has its turn.
const ROUNDS: usize = 8;
/// By how much the CPU time may grow from the smallest to the largest number, as a factor.
/// Two runs of the same differ by a tenth.
const FLAT: f64 = 1.3;

/// What one request costs, as an average.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cost {
    pub(crate) calls: f64,
    pub(crate) reads: f64,
    pub(crate) writes: f64,
    /// Of each round, in microseconds.
    cpu: Vec<f64>,
}

impl Cost {
    /// Returns the median of the rounds, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        let mut sorted = self.cpu.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

/// A kind of request, with its cost for each number of users.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) costs: Vec<Cost>,
}

/// Measures, and returns whether everything stays flat.
///
/// # Errors
/// If a stack does not start, or a request fails.
pub(crate) async fn run(options: &Options) -> anyhow::Result<bool> {
    let bin_dir = programs::directory(options)?;
    let mut sizes = SMALL.to_vec();
    sizes.push(options.users.unwrap_or(LARGEST));
    let mut stages = Vec::new();
    for users in &sizes {
        let began = Instant::now();
        stages.push(Stage::start(*users, &bin_dir).await?);
        say(&format!(
            "{users} users after {:.1} s.",
            began.elapsed().as_secs_f64()
        ));
    }
    let mut rows: Vec<Row> = REQUESTS
        .iter()
        .map(|request| Row {
            name: request.name(),
            costs: vec![Cost::default(); sizes.len()],
        })
        .collect();
    // The first request of each kind starts processes and opens connections.
    measure(&mut stages, 1, 0, None).await?;
    for round in 0..ROUNDS {
        say(&format!("Round {} of {ROUNDS}.", round + 1));
        let requests = options.requests.div_ceil(ROUNDS);
        measure(&mut stages, requests, round, Some(&mut rows)).await?;
    }
    print(&text(&sizes, &rows));
    let requests = options.requests * rows.len() * sizes.len();
    long_run::report(&json!({"requests": requests}));
    if let Some(path) = &options.plot {
        let drawn = chart::draw(&sizes, &rows);
        fs::write(path, drawn).with_context(|| path.display().to_string())?;
    }
    Ok(rows.iter().all(is_flat))
}

/// Sends so many requests of each kind to each stack; adds the costs to the rows.
async fn measure(
    stages: &mut [Stage],
    requests: usize,
    round: usize,
    mut rows: Option<&mut Vec<Row>>,
) -> anyhow::Result<()> {
    for (index, request) in REQUESTS.iter().enumerate() {
        for turn in 0..stages.len() {
            // Another one begins in each round.
            let turn = (turn + round) % stages.len();
            let Some(stage) = stages.get_mut(turn) else {
                continue;
            };
            let name = request.name();
            let spent = stage.spend(*request, requests).await;
            let spent = spent.with_context(|| format!("{name}, {} users", stage.users()))?;
            let row = rows.as_mut().and_then(|rows| rows.get_mut(index));
            if let Some(cost) = row.and_then(|row| row.costs.get_mut(turn)) {
                let share = 1.0 / (count(requests) * count(ROUNDS));
                cost.calls += spent.calls * share;
                cost.reads += spent.reads * share;
                cost.writes += spent.writes * share;
                cost.cpu.push(micros(spent.cpu) / count(requests));
            }
        }
    }
    Ok(())
}

/// Returns whether the calls and units are the same for all numbers, and the CPU time is
/// nearly the same.
fn is_flat(row: &Row) -> bool {
    let (Some(first), Some(last)) = (row.costs.first(), row.costs.last()) else {
        return true;
    };
    calls_are_same(row) && last.cpu() < first.cpu() * FLAT
}

/// Returns whether the calls and units are the same for all numbers.
fn calls_are_same(row: &Row) -> bool {
    let Some(first) = row.costs.first() else {
        return true;
    };
    let same = |one: f64, other: f64| (one - other).abs() < 0.05;
    // A login gives up its query for the oldest session if it is late, on a busy machine perhaps
    // before it was sent: half a unit, once in many requests.
    let is_same = |cost: &Cost| {
        (cost.calls - first.calls).abs() < 0.1
            && same(cost.reads, first.reads)
            && same(cost.writes, first.writes)
    };
    row.costs.iter().all(is_same)
}

fn text(sizes: &[usize], rows: &[Row]) -> String {
    let mut text = String::from("| requests | calls, read units, write units |");
    let mut line = String::from("| --- | --- |");
    for size in sizes {
        let _ = write!(text, " CPU us, {} users |", long_run::grouped(*size as u64));
        line.push_str(" ---: |");
    }
    let _ = writeln!(text, " ratio |\n{line} ---: |");
    for row in rows {
        let mut units: Vec<String> = row.costs.iter().map(units).collect();
        if calls_are_same(row) {
            units.truncate(1);
        }
        let _ = write!(text, "| {} | {} |", row.name, units.join("; "));
        for cost in &row.costs {
            let _ = write!(text, " {:.0} |", cost.cpu());
        }
        let (first, last) = (row.costs.first(), row.costs.last());
        let ratio = first
            .zip(last)
            .map_or(1.0, |(first, last)| last.cpu() / first.cpu());
        let _ = writeln!(
            text,
            " {ratio:.2} |{}",
            if is_flat(row) { "" } else { " NOT FLAT" }
        );
    }
    text
}

fn units(cost: &Cost) -> String {
    format!("{:.1}, {:.1}, {:.1}", cost.calls, cost.reads, cost.writes)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(requests: usize) -> f64 {
    requests as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: [(f64, f64); 2]) -> Row {
        let cost = |(calls, cpu)| Cost {
            calls,
            cpu: vec![cpu],
            ..Cost::default()
        };
        Row {
            name: "logins",
            costs: values.map(cost).to_vec(),
        }
    }

    #[test]
    fn more_calls_or_much_more_cpu_is_not_flat() {
        assert!(is_flat(&row([(6.0, 100.0), (6.0, 120.0)])));
        assert!(!is_flat(&row([(6.0, 100.0), (6.0, 140.0)])));
        assert!(is_flat(&row([(6.0, 100.0), (5.94, 100.0)])));
        assert!(!is_flat(&row([(6.0, 100.0), (6.2, 100.0)])));
    }

    #[test]
    fn a_table_has_each_number_and_the_ratio() {
        let text = text(&[10, 1_000_000], &[row([(6.0, 100.0), (6.0, 140.0)])]);
        assert!(text.contains("CPU us, 1,000,000 users |"), "{text}");
        assert!(
            text.contains("| 6.0, 0.0, 0.0 | 100 | 140 | 1.40 | NOT FLAT"),
            "{text}"
        );
    }
}
