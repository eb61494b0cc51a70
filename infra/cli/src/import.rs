//! `gatehouse import`: users from a file into the tables.

mod batch;
mod beside;
mod checkpoint;
mod claimed;
mod outcome;
mod run;
mod tables;
mod tally;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use encoding_rs::Encoding;

use crate::target::{Target, TargetOptions};
use crate::user_file::Columns;
use beside::Beside;
use run::{Pace, Run};
use tables::ImportTables;
pub(crate) use tally::REFUSED;
use tally::Tally;

/// What `gatehouse import` is given.
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// The file: CSV, one JSON object a line, a JSON array, or Django's `dumpdata`
    file: PathBuf,
    /// Reports what an import would do, conflicts included, and writes nothing to the tables
    #[arg(long)]
    dry_run: bool,
    /// The file's encoding, if it has no byte order mark and is not UTF-8, such as windows-1252
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<&'static Encoding>,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command: 0 if everybody is there now, 3 if lines were refused.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let (target, _empty) = if arguments.dry_run {
        Target::find_or_pretend(&arguments.target).await?
    } else {
        (Target::find_or_create(&arguments.target).await?, None)
    };
    let done = match ImportTables::of(&target) {
        Ok(tables) => {
            Run::new(&arguments, &tables, Pace::default())
                .import()
                .await
        }
        Err(error) => Err(error),
    };
    target.close().await;
    let tally = done?;
    let summary = tally.summary(&arguments.file, arguments.dry_run, begun.elapsed());
    write!(std::io::stdout(), "{summary}").context(crate::answer::StdoutClosed)?;
    Ok(tally.exit_code())
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

#[cfg(test)]
mod tests;
