//! Users as files have them: JSON objects or CSV, in whatever form other systems
//! write them.
//!
//! What `export` writes, `import` reads: nothing is lost on the way.

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
