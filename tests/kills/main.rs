//! Processes that are killed at random instants, with SIGKILL: functions while requests run, and
//! whole stacks while they write. What was acknowledged is there afterwards, and nothing is left
//! half done.
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod acts;
mod command;
mod contents;
mod dynamodb;
mod functions;
mod host;
mod killer;
mod mails;
mod processes;
mod stacks;
mod writers;
