//! Files of users: JSON objects or CSV, in the forms that other systems write.
//!
//! `import` can read everything that `export` writes, without loss.

mod columns;
mod csv_file;
mod draft;
mod entry;
mod json;
mod json_file;
mod record;
mod records;
mod source;
mod time;
mod writer;

pub(crate) use columns::Columns;
pub(crate) use entry::{Entries, Entry, NoUser};
pub(crate) use record::{Record, Remark};
pub(crate) use source::Source;
pub(crate) use writer::{Format, Writer};

#[cfg(test)]
mod tests;
