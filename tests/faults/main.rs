//! The fault matrix: every operation, every call that it makes, every fault, with the real
//! handlers and the real SDK in one process on a paused clock. Also there: what all calls have
//! in common, and hostile requests.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod calls;
mod concurrent;
mod differential;
mod emulator;
mod endless;
mod events;
mod fault;
mod flips;
mod functions;
mod history;
mod hostile;
mod hostile_parameters;
mod hostile_text;
mod injection;
mod leaks;
mod mailed;
mod matrix;
mod mixing;
mod operation;
mod page;
mod pairs;
mod people;
mod policy_cases;
mod races;
mod revocation;
mod starting;
mod state;
mod world;
