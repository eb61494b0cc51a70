//! The harness of the end-to-end tests: one whole service for each test.
//!
//! A [`Service`] is a local stack of its own: embedded DynamoDB in memory,
//! every function a process, the gateway on a free port. It knows HTTP and the
//! tables; it must not know what a right answer is.

pub mod answer;
pub mod binaries;
pub mod person;
pub mod power;
pub mod service;
pub mod tables;
pub mod template;
pub mod tokens;

pub use answer::Answer;
pub use person::Person;
pub use service::Service;
