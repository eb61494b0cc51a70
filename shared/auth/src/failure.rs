//! What an error of a store means to its caller: try again, or somebody must look.

/// An error that knows whether the same call may succeed a moment later.
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// True for throttling, time-outs and lost connections (503 with
    /// `Retry-After`), false for what stays broken until somebody acts (500).
    fn is_transient(&self) -> bool;
}
