//! Ids that the host of the functions gives to requests and traces.

use gatehouse_auth::random;

use crate::clock;

/// Returns a request id, formatted as a UUID.
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
        clock::now_millis() / 1000,
        random() >> 32
    )
}

/// Returns zero if the generator fails: these ids protect nothing.
fn random() -> u128 {
    random::bytes().map(u128::from_be_bytes).unwrap_or_default()
}
