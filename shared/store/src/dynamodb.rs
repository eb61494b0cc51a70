//! DynamoDB without any table of ours: the connection, items, batches, transactions.

pub(crate) mod batch;
pub(crate) mod connection;
pub(crate) mod error;
pub(crate) mod item;
mod retry;
pub(crate) mod table;
pub(crate) mod transaction;
