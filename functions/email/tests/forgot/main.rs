//! `POST /password/forgot`, in process.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod alike;
mod limit;
mod origin;
mod world;
