//! The deadline in Lambda's context. Tools other than Lambda fill it with constants:
//! `cargo lambda watch` sends 600000, ten minutes after the epoch.

use std::sync::Once;
use std::time::Duration;

/// A time in milliseconds since the epoch, as the Runtime API sends it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(u64);

/// What a deadline means for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeLeft {
    /// There is no deadline.
    Unlimited,
    /// The deadline is plausible, and this far away; zero if it has passed.
    Until(Duration),
    /// The deadline passed so long ago that Lambda would have ended the invocation: either
    /// it or the clock is wrong.
    Implausible,
}

/// September 2001. Anything earlier was not meant as a time.
const EARLIEST: u64 = 1_000_000_000_000;
/// Lambda's limit for an invocation, in milliseconds.
const LONGEST_INVOCATION: u64 = 15 * 60 * 1000;

impl Deadline {
    pub(super) const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Compares the deadline with the current time, in milliseconds since the epoch.
    pub(super) fn left(self, now: u64) -> TimeLeft {
        if self.0 < EARLIEST {
            return TimeLeft::Unlimited;
        }
        if now.saturating_sub(self.0) > LONGEST_INVOCATION {
            return TimeLeft::Implausible;
        }
        TimeLeft::Until(Duration::from_millis(self.0.saturating_sub(now)))
    }
}

/// Warns once per process that deadlines are ignored; every request would repeat it.
pub(super) fn warn_once() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "the invocation's deadline is more than 15 minutes in the past, so deadlines like it \
             are ignored: check the clock, and what sends lambda-runtime-deadline-ms"
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn left(deadline: u64) -> TimeLeft {
        Deadline::from_millis(deadline).left(NOW)
    }

    #[test]
    fn a_deadline_ahead_leaves_the_time_until_then() {
        let expected = TimeLeft::Until(Duration::from_millis(250));
        assert_eq!(left(NOW + 250), expected);
    }

    #[test]
    fn a_deadline_that_has_just_passed_leaves_no_time() {
        for passed in [0, 1, LONGEST_INVOCATION] {
            assert_eq!(left(NOW - passed), TimeLeft::Until(Duration::ZERO));
        }
    }

    #[test]
    fn a_constant_that_a_tool_sends_is_not_a_deadline() {
        // Absent; cargo-lambda's; seconds instead of milliseconds.
        for constant in [0, 600_000, NOW / 1000, EARLIEST - 1] {
            assert_eq!(left(constant), TimeLeft::Unlimited);
        }
    }

    #[test]
    fn a_deadline_that_lambda_would_have_enforced_is_ignored() {
        for deadline in [EARLIEST, NOW - LONGEST_INVOCATION - 1] {
            assert_eq!(left(deadline), TimeLeft::Implausible);
        }
    }
}
