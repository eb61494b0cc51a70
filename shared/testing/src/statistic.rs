//! How well a measurement distinguishes two kinds (Mann and Whitney).

use std::io::Write as _;
use std::time::Duration;

/// Returns the area under the ROC curve: how often one of `ours` is above one of
/// `theirs`, a tie counted as half. At 0.5 they cannot be distinguished, at 0 and 1
/// always.
#[must_use]
pub fn auc(ours: &[Duration], theirs: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> = ours.iter().map(|took| (*took, true)).collect();
    all.extend(theirs.iter().map(|took| (*took, false)));
    all.sort();
    let (mut below, mut wins, mut at) = (0.0, 0.0, 0);
    while let Some((value, _)) = all.get(at) {
        let equal = all.iter().skip(at).take_while(|(other, _)| other == value);
        let (mut won, mut tied) = (0.0, 0.0);
        for (_, is_ours) in equal {
            at += 1;
            if *is_ours {
                won += 1.0;
            } else {
                tied += 1.0;
            }
        }
        wins += won * (below + tied / 2.0);
        below += tied;
    }
    wins / (count(ours) * count(theirs))
}

/// How long the requests of each kind took.
#[derive(Debug, Default)]
pub struct Took {
    /// For names that exist.
    pub known: Vec<Duration>,
    /// For names that do not.
    pub unknown: Vec<Duration>,
}

impl Took {
    /// Fails if the times reveal more than chance whether a name exists.
    pub fn assert_alike(&self, case: &str) {
        drop(writeln!(std::io::stdout(), "{case}: {}", self.summary()));
        self.assert_alike_within(case, LIMIT);
    }

    /// Fails as [`assert_alike`](Self::assert_alike) does, for the long run: with ten times as many
    /// pairs, chance stays below a lower limit. Reports how many there were, under that name.
    pub fn assert_nearly_equal(&self, case: &str) {
        // `cargo long` reads it (`gatehouse_tests::long_run`); libtest does not capture it.
        let pairs = self.known.len();
        let summary = self.summary();
        drop(writeln!(
            std::io::stdout(),
            "{summary}\nfigures: {{\"{case}\": {pairs}}}"
        ));
        self.assert_alike_within(case, LIMIT_OF_LONG_RUN);
    }

    fn assert_alike_within(&self, case: &str, limit: f64) {
        assert_eq!(self.known.len(), self.unknown.len(), "{case}");
        assert!(self.distinguishes() <= limit, "{case}: {}", self.summary());
    }

    /// Returns what a log shows of a run, so that a drift is seen before it fails.
    fn summary(&self) -> String {
        let area = auc(&self.known, &self.unknown);
        let (pairs, known, unknown) =
            (self.known.len(), median(&self.known), median(&self.unknown));
        format!("{pairs} pairs, AUC {area:.4}, medians {known:?} if known and {unknown:?} if not")
    }

    /// Returns the area, whichever kind is slower.
    fn distinguishes(&self) -> f64 {
        let auc = auc(&self.known, &self.unknown);
        auc.max(1.0 - auc)
    }
}

/// The area under the curve at which a test fails. Chance stays below it.
const LIMIT: f64 = 0.60;
/// The same for 10,000 pairs.
const LIMIT_OF_LONG_RUN: f64 = 0.55;

/// Returns the middle value.
#[must_use]
pub fn median(values: &[Duration]) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(values: &[Duration]) -> f64 {
    values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(from: u64, step: u64) -> Vec<Duration> {
        (0..1_000)
            .map(|n| Duration::from_micros(from + n * 7 % 1_000 * step))
            .collect()
    }

    #[track_caller]
    fn assert_near(auc: f64, expected: f64) {
        assert!((auc - expected).abs() < 0.005, "{auc}");
    }

    #[test]
    fn equal_distributions_are_a_half() {
        assert_near(auc(&spread(0, 1), &spread(0, 1)), 0.5);
        let same = vec![Duration::from_millis(1); 50];
        assert_near(auc(&same, &same), 0.5);
    }

    /// What the enumeration test must notice: a shift by a tenth of the spread.
    #[test]
    fn a_shifted_distribution_is_noticed() {
        assert_near(auc(&spread(100, 1), &spread(0, 1)), 0.595);
        assert_near(auc(&spread(200, 1), &spread(0, 1)), 0.68);
        assert_near(auc(&spread(0, 1), &spread(200, 1)), 0.32);
        assert_near(auc(&spread(5_000, 1), &spread(0, 1)), 1.0);
        assert_near(auc(&spread(0, 1), &spread(5_000, 1)), 0.0);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let values = [3, 1, 2].map(Duration::from_millis);
        assert_eq!(median(&values), Duration::from_millis(2));
        assert_eq!(median(&[]), Duration::ZERO);
    }

    /// The measurement must notice a service that refuses an unknown name without a hash.
    #[test]
    fn a_refusal_without_a_hash_is_noticed() {
        let took = |from: u64| (0..1_000).map(move |n| Duration::from_micros(from + n % 400));
        let found = Took {
            known: took(3_000).collect(),
            unknown: took(2_000).collect(),
        };
        assert!(found.distinguishes() > 0.99);
        let reversed = Took {
            known: found.unknown,
            unknown: found.known,
        };
        assert!(
            reversed.distinguishes() > 0.99,
            "it does not matter which is slower"
        );
    }
}
