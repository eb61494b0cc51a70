//! What `gatehouse import` is given, and its help.

use std::path::PathBuf;

use encoding_rs::Encoding;

use crate::target::TargetOptions;
use crate::user_file::Columns;

/// What `gatehouse import` is given.
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// The file: CSV, one JSON object a line, a JSON array, or Django's `dumpdata`
    pub(super) file: PathBuf,
    /// Reports what an import would do, conflicts included, and writes nothing to the tables
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The file's encoding, if it has no byte order mark and is not UTF-8, such as windows-1252
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub(super) encoding: Option<&'static Encoding>,
    #[command(flatten)]
    pub(super) columns: Columns,
    #[command(flatten)]
    pub(super) target: TargetOptions,
}

fn encoding(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| "is not an encoding: try utf-8, utf-16le or windows-1252".to_owned())
}

const HELP: &str = "\
Columns, or members of a JSON object (only username is required):
  id                   the id in the old system. A UUID becomes the id here; another
                       one is kept as external_id
  external_id          the id in the old system, if id is not given
  username
  email
  password_hash        as the old system stored it. Without one, with an empty one or
                       with one that begins with !, the account has no password until
                       `users recover` is used
  roles                several with spaces or commas between them, or a JSON array;
                       `user` if there are none
  status               active (true, 1) or disabled (false, 0)
  created_at, updated_at, password_changed_at
                       2024-01-15T08:00:00Z, 2024-01-15 08:00:00.123+00, 2024-01-15,
                       or seconds, milliseconds or microseconds since 1970; UTC if
                       there is no offset. A time that cannot be read is left out, with
                       a warning
  token_version, session_version
                       written by `gatehouse export`

CSV has a header and commas, semicolons or tabs. Case does not matter in column names.

Exit status: 0 if everybody in the file was imported or was already there, 3 if lines
were refused, 1 if the import failed. Run the same command again to resume.

Written beside FILE: FILE.refused.ndjson and FILE.warnings.ndjson with the line, the
field and the reason; FILE.ids.csv with the old and the new id of everybody who had one.";
