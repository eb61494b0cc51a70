//! Reading a body, up to a size and within a time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than its limit.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// The connection broke, or its chunks are malformed.
    Incomplete,
}

/// How long a body may take to arrive. More lets a client that sends a byte at a time keep a
/// connection for longer; less refuses 10 MB on a busy machine.
pub(crate) const MAX_BODY_TIME: Duration = Duration::from_secs(30);

/// Reads a body up to `limit` bytes.
///
/// # Errors
/// [`BodyError`]; the rest of the body was not read, so the connection has to close.
pub(crate) async fn read_body(body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let reading = Limited::new(body, limit).collect();
    match timeout(MAX_BODY_TIME, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(BodyError::Incomplete),
        Err(_) => Err(BodyError::TooSlow),
    }
}
