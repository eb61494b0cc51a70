//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Returns the milliseconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "functions receive their time from the host"
)]
pub(crate) fn now_millis() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the time of day with milliseconds in a time zone, such as `14:03:07.042`.
pub(crate) fn time_of_day(millis: u64, zone: &TimeZone) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    zone.to_datetime(at).strftime("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_that_of_the_zone_in_summer_and_in_winter() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let winter = 1_800_000_000_042;
        assert_eq!(time_of_day(winter, &TimeZone::UTC), "08:00:00.042");
        assert_eq!(time_of_day(winter, &berlin), "09:00:00.042");
        let summer = 1_815_000_000_000;
        assert_eq!(time_of_day(summer, &TimeZone::UTC), "22:40:00.000");
        assert_eq!(time_of_day(summer, &berlin), "00:40:00.000");
        // Beyond the calendar, rather than a panic.
        assert_eq!(time_of_day(u64::MAX, &TimeZone::UTC).len(), 12);
    }
}
