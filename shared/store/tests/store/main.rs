//! The tables against an embedded DynamoDB, each test with its own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod changing;
mod clients;
mod deleting;
mod ending;
mod failures;
mod fixtures;
mod import;
mod keys;
mod listing;
mod login_attempts;
mod login_lookup;
mod passwords;
mod revocations;
mod sessions;
mod tables;
mod unlocking;
mod users;
