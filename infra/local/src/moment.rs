//! Milliseconds of the wall clock, and ids: what a host of Lambda hands out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatehouse_auth::random;

/// Returns the milliseconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the host of the functions is where their time comes from"
)]
pub(crate) fn now_millis() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns an id of a request, in the form of a UUID.
pub(crate) fn request_id() -> String {
    let mut id = String::with_capacity(36);
    for (index, digit) in format!("{:032x}", random()).chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

/// Returns an X-Ray trace header that asks for no sampling.
pub(crate) fn trace_id() -> String {
    format!(
        "Root=1-{:08x}-{:024x};Sampled=0",
        now_millis() / 1000,
        random() >> 32
    )
}

/// These ids name things and guard nothing, so a failing generator may leave zeros.
fn random() -> u128 {
    random::bytes().map(u128::from_be_bytes).unwrap_or_default()
}
