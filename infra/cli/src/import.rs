//! `gatehouse import`: imports users from a file.

mod arguments;
mod batch;
mod checkpoint;
mod line;
mod report_file;
mod run;
mod tables;
mod taken_keys;
mod tally;

use std::process::ExitCode;
use std::time::Instant;

use crate::output::Output;
use crate::target::{IfMissing, Target};
pub(crate) use arguments::Arguments;
use run::{Pace, Run};
use tables::ImportTables;

/// Runs the command. The exit code is 0 if all users have accounts now, 3 if lines were
/// refused.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let if_missing = if arguments.dry_run {
        IfMissing::Pretend
    } else {
        IfMissing::Create
    };
    let target = Target::find(&arguments.target, if_missing).await?;
    let work = async |target: &Target| {
        let tables = ImportTables::open(target)?;
        Run::new(&arguments, &tables, Pace::default())
            .import()
            .await
    };
    let tally = target.run(work).await?;
    let (file, dry_run) = (&arguments.file, arguments.dry_run);
    let text = tally.summary(file, dry_run, started.elapsed());
    let output = Output::new(text, tally.json(file, dry_run));
    output.with_status(tally.status()).print()
}

#[cfg(test)]
mod tests;
