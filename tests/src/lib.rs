//! The harness of the end-to-end tests.
//!
//! A [`Service`] is a local stack of one test's own (embedded DynamoDB in memory,
//! every function a process, the gateway on a free port), or, where `API_URL` is
//! set, the deployed stack that all tests share. It knows HTTP and the tables; it
//! must not know what a right answer is.

pub mod answer;
pub mod binaries;
pub mod call;
pub mod client;
pub mod deployment;
pub mod document;
pub mod person;
pub mod power;
pub mod proxy;
pub mod sam;
pub mod service;
pub mod settings;
pub mod tables;
pub mod template;
pub mod tokens;
pub mod venv;

pub use answer::Answer;
pub use person::Person;
pub use service::Service;
