//! The development loop with the real cargo-lambda, as the documents describe it.
//!
//! Everything runs in a copy of the project, so that neither an edit nor a killed test
//! changes the project. Cargo's target directory is shared: only the edited function is
//! compiled for the copy.

mod build;
mod events;
mod new;
mod project;
mod running;
mod watch;
