//! Why an invocation has no answer.

use std::time::Duration;

/// An invocation that failed; API Gateway answers 500 for all of them.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no function of that name.
    #[error("there is no function {0}")]
    Unknown(String),
    /// The process did not come to its first event.
    #[error("{function} did not start: {reason}")]
    Init {
        /// The function's name.
        function: String,
        /// Its own last words on stderr, where it has any.
        reason: String,
    },
    /// The process ended in the middle of an event.
    #[error("{function} ended in the middle of an event: {reason}")]
    Exited {
        /// The function's name.
        function: String,
        /// The exit status, and its own last words on stderr.
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
    /// The function took longer than its `Timeout`; its process was ended.
    #[error("{function} took longer than its timeout of {limit:?}")]
    TimedOut {
        /// The function's name.
        function: String,
        /// Its `Timeout`.
        limit: Duration,
    },
    /// Nothing answers at the invoke endpoint.
    #[error("{function} cannot be reached at {endpoint}: {reason}")]
    Unreachable {
        /// The function's name.
        function: String,
        /// The invoke endpoint.
        endpoint: String,
        /// What the connection said.
        reason: String,
    },
    /// The stack is going down.
    #[error("the stack has stopped")]
    Stopped,
}
