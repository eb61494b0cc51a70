//! Why a stack failed to start: one sentence each, for whoever started it.

use std::io;
use std::path::PathBuf;

use crate::template::TemplateError;

/// A stack that failed to start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The template cannot be read.
    #[error("the template {} cannot be read: {source}", file.display())]
    Unreadable {
        /// The template.
        file: PathBuf,
        /// The file system's error.
        source: io::Error,
    },
    /// The template is invalid, or uses something that the local stack does not support.
    #[error("{}, {problem}", file.display())]
    Template {
        /// The template.
        file: PathBuf,
        /// What is wrong, with its line.
        problem: TemplateError,
    },
    /// Another program listens on the port.
    #[error("port {0} is in use: stop the program that uses it, or choose another port")]
    PortTaken(u16),
    /// Listening failed for another reason.
    #[error("cannot listen on port {port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// The system's error.
        source: io::Error,
    },
    /// A function has not been built.
    #[error("the function {function} is not built: {} does not exist", binary.display())]
    NotBuilt {
        /// The function's name.
        function: String,
        /// Where its binary was expected.
        binary: PathBuf,
    },
    /// The embedded DynamoDB rejected a table, or an item that it starts with.
    #[error("the table {table} cannot be set up: {reason}")]
    Table {
        /// The table's name.
        table: String,
        /// DynamoDB's error.
        reason: String,
    },
    /// What the stand-ins of AWS keep cannot be read.
    #[error("the queues and streams cannot be set up: {0}")]
    State(String),
    /// The data directory is unusable.
    #[error("{} cannot be used: {reason}", path.display())]
    Data {
        /// The directory or file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The key ring cannot be created, read or used.
    #[error("the key ring {} cannot be used: {reason}", path.display())]
    KeyRing {
        /// The key ring's file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
}
