//! Runs the command itself, as a user would.

mod clients;
mod command_line;
mod every_command;
mod import;
mod import_batches;
mod local_process;
mod mail;
mod mistakes;
mod new;
mod progress;
mod project;
mod removed_keys;
mod served;
mod shells;
mod token;
mod unmailed;
mod users;
