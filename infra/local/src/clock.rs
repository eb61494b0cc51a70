//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
