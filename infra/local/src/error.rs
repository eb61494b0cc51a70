//! Why a stack does not start: one sentence each, for the person who started it.

use std::io;
use std::path::PathBuf;

use crate::template::TemplateError;

/// A stack that does not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The template cannot be read.
    #[error("the template {} cannot be read: {source}", file.display())]
    Unreadable {
        /// The template.
        file: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The template is wrong, or beyond what the local stack does.
    #[error("{}, {problem}", file.display())]
    Template {
        /// The template.
        file: PathBuf,
        /// Where and what.
        problem: TemplateError,
    },
    /// Something listens on the port.
    #[error("port {0} is taken: end what uses it, or choose another port")]
    PortTaken(u16),
    /// The port cannot be had for another reason.
    #[error("port {port} cannot be listened on: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A function was not built.
    #[error("the function {function} is not built: there is no {}", binary.display())]
    NotBuilt {
        /// The function's name.
        function: String,
        /// Where its binary should be.
        binary: PathBuf,
    },
    /// The embedded DynamoDB refuses.
    #[error("the table {table} cannot be made: {reason}")]
    Table {
        /// The table's name.
        table: String,
        /// What DynamoDB said.
        reason: String,
    },
    /// The data directory cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    Data {
        /// The directory or file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The key ring cannot be made or read.
    #[error("the key ring {} cannot be used: {reason}", path.display())]
    KeyRing {
        /// The key ring's file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
}
