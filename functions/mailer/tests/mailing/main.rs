//! Mails, from the outbox to SES, in one process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod batches;
mod failures;
mod interrupted;
mod letters;
mod limits;
mod variants;
mod world;
