//! `gatehouse argon2`: measures password hashes and recommends parameters.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gatehouse_auth::password::{Argon2Params, Hasher, TypedPassword};
use serde_json::{Value, json};

use crate::output::Output;
use crate::progress;

/// The size in MB at which Lambda gives a function one full processor.
const PROCESSOR: u32 = 1769;

/// The arguments of `gatehouse argon2`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long one hash may take, in milliseconds
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(10..=5_000))]
    target: u64,
    /// Number of hashes to measure; the median counts
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=999))]
    rounds: u16,
}

/// OWASP's recommendations, and stronger parameters.
const CANDIDATES: [(u32, u32); 12] = [
    (7_168, 5),
    (9_216, 4),
    (12_288, 3),
    (19_456, 2),
    (47_104, 1),
    (19_456, 3),
    (32_768, 2),
    (32_768, 3),
    (47_104, 3),
    (65_536, 3),
    (98_304, 3),
    (131_072, 3),
];

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let hashes = CANDIDATES.len() * usize::from(arguments.rounds);
    progress::set_total(u64::try_from(hashes)?);
    let mut rows = Vec::new();
    for (memory_kib, iterations) in CANDIDATES {
        let params = Argon2Params::new(memory_kib, iterations)?;
        let took = measure(params, arguments.rounds).await?;
        rows.push(Row {
            memory_kib,
            iterations,
            took,
        });
    }
    let target = Duration::from_millis(arguments.target);
    Output::new(describe(&rows, target), json(&rows, target)).print()
}

/// Parameters, and the median time of a hash on this machine.
#[derive(Debug, Clone, Copy)]
struct Row {
    memory_kib: u32,
    iterations: u32,
    took: Duration,
}

async fn measure(params: Argon2Params, rounds: u16) -> anyhow::Result<Duration> {
    let hasher = Hasher::new(params, 1);
    hasher.warm_up();
    let mut took = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        let password = TypedPassword::new("a password of no account");
        hasher.verify(password, None).await?;
        took.push(started.elapsed());
        progress::advance(1);
    }
    took.sort();
    let median = took.get(took.len() / 2).copied();
    median.context("no hash was measured")
}

const INTRODUCTION: &str = "\
The time of one Argon2id hash with one lane, measured on this machine. The columns
for other sizes are estimates: Lambda gives a function of that size memory / 1,769
of a processor, assumed to be as fast as this machine's.
";

/// Function sizes in MB for which times are estimated.
const FUNCTIONS: [u32; 3] = [512, 1024, PROCESSOR];

/// Formats a table of all candidates, and the strongest that fits each function size.
fn describe(rows: &[Row], target: Duration) -> String {
    let heads = [
        "m (KiB)",
        "t",
        "measured ms",
        "512 MB",
        "1024 MB",
        "1769 MB",
    ];
    let mut lines = vec![INTRODUCTION.to_owned(), line(&heads.map(str::to_owned))];
    for row in rows {
        let [small, middle, large] = FUNCTIONS.map(|memory| millis(row.estimate(memory)));
        lines.push(line(&[
            row.memory_kib.to_string(),
            row.iterations.to_string(),
            millis(row.took),
            small,
            middle,
            large,
        ]));
    }
    lines.push(String::new());
    for memory in FUNCTIONS {
        let best = recommend(rows, memory, target);
        let target = target.as_millis();
        lines.push(format!("{memory:>5} MB, within {target} ms: {best}"));
    }
    lines.join("\n") + "\n"
}

fn json(rows: &[Row], target: Duration) -> Value {
    let measured = rows.iter().map(|row| {
        json!({
            "memory_kib": row.memory_kib,
            "iterations": row.iterations,
            "milliseconds": row.took.as_secs_f64() * 1000.0,
        })
    });
    let recommended = FUNCTIONS.map(|memory| {
        let best = strongest(rows, memory, target);
        json!({
            "function_mb": memory,
            "memory_kib": best.map(|row| row.memory_kib),
            "iterations": best.map(|row| row.iterations),
            "estimated_milliseconds": best.map(|row| row.estimate(memory).as_secs_f64() * 1000.0),
        })
    });
    json!({"measured": measured.collect::<Vec<_>>(), "recommended": recommended})
}

/// Returns the strongest parameters that fit into the time and into a quarter of the
/// function's memory.
fn strongest(rows: &[Row], memory: u32, target: Duration) -> Option<&Row> {
    rows.iter()
        .filter(|row| row.estimate(memory) <= target && row.memory_kib <= memory * 1024 / 4)
        .max_by_key(|row| u64::from(row.memory_kib) * u64::from(row.iterations))
}

fn recommend(rows: &[Row], memory: u32, target: Duration) -> String {
    match strongest(rows, memory, target) {
        Some(row) => format!(
            "Argon2MemoryKib={} Argon2Iterations={} (estimated {} ms)",
            row.memory_kib,
            row.iterations,
            millis(row.estimate(memory))
        ),
        None => "none of them fits: allow more memory or more time".to_owned(),
    }
}

fn line([m, t, here, small, middle, large]: &[String; 6]) -> String {
    format!("{m:>8} {t:>3} {here:>12} {small:>10} {middle:>10} {large:>10}")
}

impl Row {
    /// Estimates how long the hash takes in a function with `memory` MB. Above 1,769 MB a
    /// function has more processors, but a hash uses only one.
    fn estimate(&self, memory: u32) -> Duration {
        self.took * PROCESSOR / memory.min(PROCESSOR)
    }
}

fn millis(took: Duration) -> String {
    format!("{:.1}", took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(memory_kib: u32, iterations: u32, millis: u64) -> Row {
        Row {
            memory_kib,
            iterations,
            took: Duration::from_millis(millis),
        }
    }

    #[test]
    fn an_estimate_is_scaled_by_the_share_of_a_processor() {
        let row = row(19_456, 2, 100);
        assert_eq!(row.estimate(1769).as_millis(), 100);
        assert_eq!(row.estimate(1024).as_millis(), 172);
        assert_eq!(row.estimate(512).as_millis(), 345);
        assert_eq!(row.estimate(3008).as_millis(), 100);
    }

    #[test]
    fn the_strongest_parameters_that_fit_are_recommended_if_any() {
        let rows = [
            row(19_456, 2, 20),
            row(65_536, 3, 100),
            row(131_072, 3, 400),
        ];
        let text = describe(&rows, Duration::from_millis(150));
        assert!(text.contains("estimates"), "{text}");
        let of = |memory: &str| text.lines().find(|line| line.starts_with(memory)).unwrap();
        assert!(
            of("  512 MB").contains("Argon2MemoryKib=19456 Argon2Iterations=2"),
            "{text}"
        );
        assert!(
            of(" 1769 MB").contains("Argon2MemoryKib=65536 Argon2Iterations=3"),
            "{text}"
        );
        let text = describe(&rows, Duration::from_millis(10));
        assert_eq!(text.matches("none of them fits").count(), 3);
    }

    #[test]
    fn a_function_starts_with_every_candidate() {
        for (memory_kib, iterations) in CANDIDATES {
            assert!(Argon2Params::new(memory_kib, iterations).is_ok());
        }
    }
}
