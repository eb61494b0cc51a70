//! Why an invocation failed.

use std::time::Duration;

/// A failed invocation. The gateway responds with 500 to all of them.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The stack has no function of that name.
    #[error("the stack has no function {0}")]
    Unknown(String),
    /// The process did not get as far as its first event.
    #[error("{function} did not start: {reason}")]
    Init {
        /// The function's name.
        function: String,
        /// The error that it reported, or its exit status and last line on stderr.
        reason: String,
    },
    /// The process exited while it handled the event.
    #[error("{function} exited during an event: {reason}")]
    Exited {
        /// The function's name.
        function: String,
        /// The exit status and the last line on stderr.
        reason: String,
    },
    /// The function reported an error.
    #[error("{function} failed: {error_type}: {message}")]
    Failed {
        /// The function's name.
        function: String,
        /// The error's type.
        error_type: String,
        /// The error's message.
        message: String,
    },
    /// The function exceeded its `Timeout`, and its process was killed.
    #[error("{function} exceeded its timeout of {limit:?}")]
    TimedOut {
        /// The function's name.
        function: String,
        /// Its `Timeout`.
        limit: Duration,
    },
    /// The invoke endpoint is unreachable, or its connection broke.
    #[error("{function} is unreachable at {endpoint}: {reason}")]
    Unreachable {
        /// The function's name.
        function: String,
        /// The invoke endpoint.
        endpoint: String,
        /// The connection's error.
        reason: String,
    },
    /// The stack has been stopped.
    #[error("the stack has been stopped")]
    Stopped,
}
