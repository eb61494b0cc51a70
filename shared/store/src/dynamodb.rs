//! DynamoDB in general: the connection, items, batches, transactions. It knows none of
//! the tables.

pub(crate) mod batch;
pub(crate) mod connection;
mod deadline;
pub(crate) mod error;
pub(crate) mod item;
mod retry;
pub(crate) mod table;
pub(crate) mod transaction;
