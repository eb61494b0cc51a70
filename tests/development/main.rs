//! The development loop with the real cargo-lambda, as the documents describe it.
//!
//! Everything runs in a copy of the project, so that an edit, or a test that is
//! killed, leaves the project as it is. Cargo's target directory is shared: nothing
//! but the edited function is compiled for the copy.

mod events;
mod project;
mod running;
mod watch;
