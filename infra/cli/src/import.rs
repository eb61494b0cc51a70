//! `gatehouse import`: users from a file into the tables.

mod arguments;
mod batch;
mod checkpoint;
mod claims;
mod line;
mod report_file;
mod run;
mod tables;
mod tally;

use std::process::ExitCode;
use std::time::Instant;

use crate::answer::print;
use crate::target::Target;
pub(crate) use arguments::Arguments;
use run::{Pace, Run};
use tables::ImportTables;

/// Runs the command: 0 if everybody is there now, 3 if lines were refused.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let (target, _empty) = if arguments.dry_run {
        Target::find_or_pretend(&arguments.target).await?
    } else {
        (Target::find_or_create(&arguments.target).await?, None)
    };
    let work = async |target: &Target| {
        let tables = ImportTables::of(target)?;
        Run::new(&arguments, &tables, Pace::default())
            .import()
            .await
    };
    let tally = target.run(work).await?;
    print(&tally.summary(&arguments.file, arguments.dry_run, begun.elapsed()))?;
    Ok(tally.status().into())
}

#[cfg(test)]
mod tests;
