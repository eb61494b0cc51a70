//! The deadline of a request, from the one in Lambda's context. Tools other than Lambda
//! fill that with constants: `cargo lambda watch` sends 600000, ten minutes after the epoch.

use std::sync::Once;
use std::time::Duration;

use gatehouse_auth::deadline::Deadline;
use lambda_http::Context;

use crate::clock::Clock;

/// How long a request may take at most, in a function that nobody else waits for. The
/// refresh window counts on it: with more, an outage makes honest clients replay.
pub const BUDGET: Duration = Duration::from_secs(5);

/// Returns when a request must have its response: after `budget`, or half a second before
/// Lambda ends the invocation if that is sooner.
#[must_use]
pub fn deadline(context: &Context, budget: Duration) -> Deadline {
    let left = match time_left(context.deadline, Clock::System.now_millis()) {
        TimeLeft::Unlimited => budget,
        TimeLeft::Implausible => {
            warn_once();
            budget
        }
        TimeLeft::Until(left) => budget.min(left.saturating_sub(RESERVE)),
    };
    Deadline::after(left)
}

/// Runs what a function does before its first event: open connections, read keys. What
/// fails or takes too long is left for the first request to report.
pub fn warm_up<F: Future>(warm_ups: F) -> impl Future<Output = ()> {
    let limited = Deadline::after(WARM_UP_LIMIT).enforce(warm_ups);
    async { drop(limited.await) }
}

/// Lambda ends an INIT after ten seconds, and a measuring hash follows. Longer lets a store
/// that hangs delay every cold start; shorter leaves a slow connection to the first request.
const WARM_UP_LIMIT: Duration = Duration::from_secs(2);

/// What a deadline means for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeLeft {
    /// There is no deadline.
    Unlimited,
    /// The deadline is plausible, and this far away; zero if it has passed.
    Until(Duration),
    /// The deadline passed so long ago that Lambda would have ended the invocation: either
    /// it or the clock is wrong.
    Implausible,
}

/// The time to send a response and its log lines before Lambda ends the invocation.
/// Without it, the client of a slow request gets the gateway's error instead of ours.
const RESERVE: Duration = Duration::from_millis(500);
/// September 2001. Anything earlier was not meant as a time.
const EARLIEST: u64 = 1_000_000_000_000;
/// Lambda's limit for an invocation, in milliseconds.
const LONGEST_INVOCATION: u64 = 15 * 60 * 1000;

/// Compares a deadline with the current time, both in milliseconds since the epoch.
fn time_left(deadline: u64, now: u64) -> TimeLeft {
    if deadline < EARLIEST {
        return TimeLeft::Unlimited;
    }
    if now.saturating_sub(deadline) > LONGEST_INVOCATION {
        return TimeLeft::Implausible;
    }
    TimeLeft::Until(Duration::from_millis(deadline.saturating_sub(now)))
}

/// Warns once per process that deadlines are ignored; every request would repeat it.
fn warn_once() {
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
        time_left(deadline, NOW)
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
