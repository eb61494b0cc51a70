//! A point in time in whole seconds, as in tokens and tables.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z (RFC 7519 `NumericDate`, whole seconds).
///
/// Arithmetic saturates, so no clock and no setting can make it panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a timestamp from seconds since the epoch.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since the epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 with any offset; drops fractions of a second.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(Self(moment.unix_timestamp()))
    }

    /// Returns the time `span` later, in whole seconds.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(seconds(span)))
    }

    /// Returns the time `span` earlier, in whole seconds.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(seconds(span)))
    }

    /// Returns how long ago `earlier` was; zero if it is in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let seconds = self.0.saturating_sub(earlier.0);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

/// RFC 3339 in UTC, as in request and response bodies: `2026-01-31T12:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp(self.0)
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "@{}", self.0),
        }
    }
}

/// A clock before 1970 is wrong, but no reason to panic.
impl From<SystemTime> for Timestamp {
    fn from(moment: SystemTime) -> Self {
        let epoch = Self::from_unix(0);
        match moment.duration_since(UNIX_EPOCH) {
            Ok(since) => epoch.plus(since),
            Err(before) => epoch.minus(before.duration() + Duration::from_secs(1)),
        }
    }
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_rfc_3339() {
        assert_eq!(Timestamp::from_unix(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(
            Timestamp::from_unix(1_800_000_000).to_string(),
            "2027-01-15T08:00:00Z"
        );
    }

    #[test]
    fn a_printed_timestamp_can_be_parsed() {
        for text in ["2027-01-15T08:00:00Z", "2027-01-15T10:30:00.999+02:30"] {
            assert_eq!(Timestamp::parse(text).unwrap().unix(), 1_800_000_000);
        }
        for invalid in ["", "2027-01-15", "1800000000", "2027-02-30T00:00:00Z"] {
            assert_eq!(Timestamp::parse(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn a_moment_beyond_the_calendar_still_prints() {
        assert_eq!(
            Timestamp::from_unix(i64::MAX).to_string(),
            format!("@{}", i64::MAX)
        );
    }

    #[test]
    fn a_step_backwards_counts_as_zero() {
        let (early, late) = (Timestamp::from_unix(10), Timestamp::from_unix(25));
        assert_eq!(late.since(early), Duration::from_secs(15));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn the_system_time_is_truncated_to_whole_seconds_on_either_side_of_the_epoch() {
        let half = Duration::from_millis(1_500);
        assert_eq!(Timestamp::from(UNIX_EPOCH + half).unix(), 1);
        assert_eq!(Timestamp::from(UNIX_EPOCH - half).unix(), -2);
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_unix(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(
            Timestamp::from_unix(i64::MIN).minus(Duration::MAX).unix(),
            i64::MIN
        );
    }
}
