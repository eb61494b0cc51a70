//! What a part of `cargo long` reads and reports. Without `cargo long` the seed and the time are
//! the part's own, so each part is also a test that runs by itself.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::settings::setting;

/// The variable with the seed.
pub const SEED: &str = "LONG_SEED";

/// The variable with the seconds that a part has.
pub const SECONDS: &str = "LONG_SECONDS";

/// What comes before the figures in a line of a part's output: a JSON object of counts, such as
/// `figures: {"kills": 50}`. The figures of all lines are added up.
pub const FIGURES: &str = "figures: ";

/// Where the randomness begins.
#[must_use]
pub fn seed() -> u64 {
    let seed = setting(SEED).and_then(|seed| seed.parse().ok());
    seed.unwrap_or_default()
}

/// How long to go on; none if `cargo long` sets no time.
#[must_use]
pub fn time() -> Option<Duration> {
    let seconds = setting(SECONDS)?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// When a run has tried enough.
#[derive(Debug)]
pub struct Goal {
    began: Instant,
    count: u64,
    time: Option<Duration>,
}

impl Goal {
    /// Begins a run that ends after this time, or without one after this many.
    #[must_use]
    pub fn of(count: u64, time: Option<Duration>) -> Self {
        Self {
            began: Instant::now(),
            count,
            time,
        }
    }

    /// Returns how many are wanted if there is no limit to the time.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns whether so many are enough.
    #[must_use]
    pub fn is_reached(&self, count: u64) -> bool {
        match self.time {
            Some(time) => self.began.elapsed() >= time,
            None => count >= self.count,
        }
    }
}

/// Writes a number with a comma after each three digits.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Reports counts. Unlike what `println!` writes, libtest does not capture this.
pub fn report(figures: &Value) {
    // If stdout is closed, there is no reader.
    drop(writeln!(std::io::stdout(), "{FIGURES}{figures}"));
}
