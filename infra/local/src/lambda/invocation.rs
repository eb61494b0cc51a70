//! An event on its way to a function.

use bytes::Bytes;

use crate::ids;

/// An event for a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) payload: Bytes,
    /// The X-Ray trace that the event belongs to.
    pub(crate) trace: String,
}

impl Invocation {
    /// Creates an event with a new trace.
    pub(crate) fn new(payload: Bytes) -> Self {
        let trace = ids::trace_id();
        Self { payload, trace }
    }
}
