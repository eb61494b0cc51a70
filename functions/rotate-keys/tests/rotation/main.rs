//! The four steps against an embedded DynamoDB, with the ring in a secret and in
//! a file.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod emergency;
mod floor;
mod interrupted;
mod rereading;
mod steps;
mod together;
mod world;
