//! The handler against an embedded DynamoDB: guesses, hashes and races that need
//! more logins than a stack of processes gives in a test's time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod as_typed;
mod brought_along;
mod deadline;
mod guesses;
mod passwordless;
mod rehash;
mod world;
