//! The command itself, run as a person would.

mod clients;
mod command_line;
mod import;
mod mistakes;
mod project;
mod users;
