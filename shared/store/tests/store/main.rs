//! The store on an embedded DynamoDB. Each test has its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod address;
mod change;
mod clients;
mod deletion;
mod failures;
mod fixtures;
mod import;
mod import_batch;
mod keys;
mod login_attempts;
mod lookup;
mod mailed_codes;
mod names;
mod notices;
mod outbox;
mod page;
mod password;
mod proof_races;
mod restored;
mod revisions;
mod revocations;
mod sessions;
mod sign_out;
mod sizes;
mod tables;
mod unlock;
mod users;
mod verification;
mod without_notice;
