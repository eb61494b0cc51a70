//! The handler against an embedded DynamoDB: guesses, hashes and races that need more
//! logins than a stack of processes can handle in the time of a test.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod alike;
mod as_typed;
mod brought_along;
mod cookies;
mod deadline;
mod guesses;
mod new_network;
mod passwordless;
mod rehash;
mod session_limit;
mod world;
