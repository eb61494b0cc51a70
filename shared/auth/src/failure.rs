//! What a store's error means to its caller: retry, or an operator must act.

use std::time::Duration;

/// AWS no longer accepts this process's credentials. Only a fresh process gets new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials of this process have expired or are unknown")]
pub struct ExpiredCredentials;

impl ExpiredCredentials {
    /// The codes of errors that mean this.
    pub const CODES: [&str; 4] = [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    ];
}

/// An error that knows whether the same call may succeed shortly afterwards.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// True for throttling, time-outs and lost connections (503 with `Retry-After`);
    /// false for failures that persist until an operator acts (500).
    fn is_transient(&self) -> bool;

    /// Returns how long the caller should wait before the next try, if that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}
