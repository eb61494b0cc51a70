//! Calls to AWS services of which we need an operation or two, and which speak JSON over REST.
//!
//! The SDK has a crate for each service; those of SES and Lambda are 160,000 lines each, which
//! everyone would compile who starts the service for the first time. This sends single
//! requests through the same runtime: its connections, credentials, signatures, time limits
//! and retries. It must not know what any service does.

mod client;
mod error;

pub use client::{RestClient, Service, segment};
pub use error::{Refusal, RestError};

#[cfg(test)]
mod tests;
