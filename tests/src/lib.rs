//! The harness of the end-to-end tests.
//!
//! A [`Service`] is a local stack (embedded DynamoDB in memory, every function a process,
//! the gateway on a free port) that a test starts for itself or shares with others; if
//! `API_URL` is set, it is the deployed stack. A [`Person`] registers, logs in and calls.
//! The harness must not know what a test proves: it only checks what its verbs promise.

pub mod binaries;
pub mod call;
pub mod canaries;
pub mod client;
pub mod clock;
pub mod contract;
pub mod crates;
pub mod deployment;
pub mod document;
pub mod emulator;
mod local;
pub mod long_run;
mod operator;
pub mod page;
pub mod person;
pub mod programs;
pub mod proxy;
pub mod random;
pub mod requirements;
pub mod response;
pub mod sam;
pub mod service;
pub mod settings;
pub mod tables;
pub mod template;
pub mod tokens;
pub mod venv;

pub use person::Person;
pub use response::Response;
pub use service::Service;
