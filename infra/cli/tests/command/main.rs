//! Runs the command itself, as a user would.

mod clients;
mod command_line;
mod import;
mod mistakes;
mod new;
mod project;
mod removed_keys;
mod users;
