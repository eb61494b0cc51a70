//! `gatehouse argon2`: what a hash costs here, and which parameters would fit where.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use gatehouse_auth::password::{Argon2Params, Hasher, TypedPassword};

use crate::output::print;

/// What `gatehouse argon2` is told.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long a hash may take, in milliseconds
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(10..=5_000))]
    target: u64,
    /// Hashes of which the median counts
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=999))]
    rounds: u16,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
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
    let text = describe(&rows, Duration::from_millis(arguments.target));
    print(&text)
}

/// Parameters, and the median of their hashes on this machine.
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
        let password = TypedPassword::parse("a password of no account")?;
        hasher.verify(password, None).await?;
        took.push(started.elapsed());
    }
    took.sort();
    let median = took.get(took.len() / 2).copied();
    median.context("nothing was measured")
}

/// A table of all, and the strongest that fits for each size of a function.
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

/// The most work that fits into the time, and a quarter of the function's memory.
fn recommend(rows: &[Row], memory: u32, target: Duration) -> String {
    let fits = rows
        .iter()
        .filter(|row| row.estimate(memory) <= target && row.memory_kib <= memory * 1024 / 4)
        .max_by_key(|row| u64::from(row.memory_kib) * u64::from(row.iterations));
    match fits {
        Some(row) => format!(
            "Argon2MemoryKib={} Argon2Iterations={} (estimated {} ms)",
            row.memory_kib,
            row.iterations,
            millis(row.estimate(memory))
        ),
        None => "nothing fits: give it more memory, or more time".to_owned(),
    }
}

fn line([m, t, here, small, middle, large]: &[String; 6]) -> String {
    format!("{m:>8} {t:>3} {here:>12} {small:>10} {middle:>10} {large:>10}")
}

impl Row {
    /// What the hash takes in a function of so many MB. Above 1,769 MB there are more
    /// processors, and a hash still has one.
    fn estimate(&self, memory: u32) -> Duration {
        self.took * PROCESSOR / memory.min(PROCESSOR)
    }
}

fn millis(took: Duration) -> String {
    format!("{:.1}", took.as_secs_f64() * 1000.0)
}

const INTRODUCTION: &str = "\
One Argon2id hash with one lane. Measured is this machine; the other columns are
estimates: measured, divided by the part of a processor that Lambda gives to a
function of that memory (memory / 1,769), as if it were a processor like this one.
";
/// OWASP's rows, and stronger ones.
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
/// The sizes of functions, in MB, that are told about.
const FUNCTIONS: [u32; 3] = [512, 1024, PROCESSOR];
/// MB for which Lambda gives one whole processor.
const PROCESSOR: u32 = 1769;

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
    fn an_estimate_is_scaled_by_the_part_of_a_processor() {
        let row = row(19_456, 2, 100);
        assert_eq!(row.estimate(1769).as_millis(), 100);
        assert_eq!(row.estimate(1024).as_millis(), 172);
        assert_eq!(row.estimate(512).as_millis(), 345);
        assert_eq!(row.estimate(3008).as_millis(), 100);
    }

    #[test]
    fn the_strongest_that_fits_is_recommended_and_nothing_where_nothing_does() {
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
        assert_eq!(text.matches("nothing fits").count(), 3);
    }

    #[test]
    fn every_candidate_is_one_that_a_function_starts_with() {
        for (memory_kib, iterations) in CANDIDATES {
            assert!(Argon2Params::new(memory_kib, iterations).is_ok());
        }
    }
}
