//! Tests that take minutes, or that need a deployment.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod command;
mod mail;
mod own_apis;
mod rotations;
