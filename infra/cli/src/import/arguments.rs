//! The arguments of `gatehouse import`, and its help.

use std::path::PathBuf;

use encoding_rs::Encoding;

use crate::target::TargetOptions;
use crate::user_file::Columns;

const HELP: &str = "\
Columns, or members of a JSON object (only username is required):
  id                   the id in the old system. A UUID becomes the new id; any other id
                       becomes the external_id
  external_id          the id in the old system, if there is no id
  username
  email
  email_verified       whether the user proved to read mail at that address: true (1) or
                       false (0). Without it, the address is not verified
  password_hash        in the format of the old system. If it is missing, empty or begins
                       with !, the user has no password and needs `users recover`
  roles                separated by spaces or commas, or a JSON array; the default is user
  status               active (true, 1) or disabled (false, 0)
  created_at, updated_at, password_changed_at
                       2024-01-15T08:00:00Z, 2024-01-15 08:00:00.123+00, 2024-01-15,
                       or seconds, milliseconds or microseconds since 1970; in UTC unless
                       there is an offset. Invalid times are left out, with a warning
  token_version, session_version
                       written by `gatehouse export`

CSV needs a header, and commas, semicolons or tabs as separators. Column names are
case-insensitive.

Exit codes: 0 if every user was imported or was already there, 3 if lines were
refused, 1 if the import failed. To resume, run the same command again.

The command writes reports next to FILE: FILE.refused.ndjson and FILE.warnings.ndjson
with lines, fields and reasons, and FILE.ids.csv with old and new ids.";

/// The arguments of `gatehouse import`.
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// The file: CSV, one JSON object per line, a JSON array, or Django's `dumpdata`
    pub(super) file: PathBuf,
    /// Reports what the import would do, including conflicts, without writing to the tables
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The file's encoding, such as windows-1252, if it is not UTF-8 and has no byte order mark
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub(super) encoding: Option<&'static Encoding>,
    #[command(flatten)]
    pub(super) columns: Columns,
    #[command(flatten)]
    pub(super) target: TargetOptions,
}

fn encoding(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| "unknown encoding: try utf-8, utf-16le or windows-1252".to_owned())
}
