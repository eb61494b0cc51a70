//! The command's reader of files of users. The command is a binary, which no other crate can
//! depend on, so its modules are included by their path.

#[path = "../../../infra/cli/src/user_file/columns.rs"]
mod columns;
#[path = "../../../infra/cli/src/user_file/csv_file.rs"]
mod csv_file;
#[path = "../../../infra/cli/src/user_file/draft.rs"]
mod draft;
#[path = "../../../infra/cli/src/user_file/entry.rs"]
mod entry;
#[path = "../../../infra/cli/src/user_file/json.rs"]
mod json;
#[path = "../../../infra/cli/src/user_file/json_file.rs"]
mod json_file;
#[path = "../../../infra/cli/src/user_file/record.rs"]
mod record;
#[path = "../../../infra/cli/src/user_file/records.rs"]
mod records;
#[path = "../../../infra/cli/src/user_file/source.rs"]
mod source;
#[path = "../../../infra/cli/src/user_file/time.rs"]
mod time;
#[path = "../../../infra/cli/src/user_file/writer.rs"]
mod writer;

pub(crate) use columns::Columns;
pub(crate) use record::Record;
pub(crate) use source::Source;
pub(crate) use writer::{Format, Writer};
