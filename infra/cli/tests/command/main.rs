//! The command itself, run as a person would.

mod clients;
mod import;
mod mistakes;
mod project;
mod readme;
mod users;
