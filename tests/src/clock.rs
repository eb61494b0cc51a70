//! The tests' clock, which is the machine's.

use std::time::{SystemTime, UNIX_EPOCH};

use gatehouse_auth::time::Timestamp;

/// Returns the time now, in whole seconds.
///
/// # Errors
/// If the machine's clock is before 1970.
#[expect(clippy::disallowed_methods, reason = "tests read the machine's clock")]
pub fn now() -> anyhow::Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_unix(i64::try_from(since.as_secs())?))
}
