//! `gatehouse import`: users from a file into the tables, a few at a time.

mod checkpoint;
mod report;
mod take;

use std::cell::Cell;
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::clock::Clock;
use gatehouse_store::Users;
use indicatif::{ProgressBar, ProgressStyle};

use crate::people::{Format, Numbered, Refusal};
use crate::place::{Place, PlaceArguments};
use checkpoint::Checkpoint;
use report::Report;
use take::{Taken, take};

/// What `gatehouse import` is told.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file: one JSON object a line (.ndjson), or CSV with a header (.csv)
    file: PathBuf,
    /// Checks every line and writes nothing to the tables. Names that the file has twice are not noticed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: PlaceArguments,
}

/// How many lines came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Tally {
    taken: u64,
    already: u64,
    refused: u64,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let begun = Instant::now();
    if arguments.dry_run {
        let tally = import(&arguments, None).await?;
        return say(&format!(
            "{} lines are good, {} are not; nothing was written.{}",
            tally.taken,
            tally.refused,
            report_of(&arguments, tally)
        ));
    }
    let place = Place::find_or_create(&arguments.place).await?;
    let done = match place.table("USERS_TABLE") {
        Ok(table) => {
            let users = Users::new(place.tables(), table.clone());
            import(&arguments, Some((&users, &table))).await
        }
        Err(error) => Err(error),
    };
    place.close().await;
    let tally = done?;
    let seconds = begun.elapsed().as_secs_f64();
    let lines = tally.taken + tally.already + tally.refused;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = lines as f64 / seconds.max(0.001);
    say(&format!(
        "{} users were taken over, {} were there already, {} lines were refused, \
         in {seconds:.1} s ({rate:.0} lines a second{}).{}",
        tally.taken,
        tally.already,
        tally.refused,
        peak_memory().map_or_else(String::new, |mib| format!(", {mib} MiB at most")),
        report_of(&arguments, tally)
    ))
}

/// Takes a file over; without tables it is looked at alone.
async fn import(arguments: &Arguments, tables: Option<(&Users, &str)>) -> anyhow::Result<Tally> {
    let file = &arguments.file;
    let size = std::fs::metadata(file).with_context(|| file.display().to_string())?;
    let mut checkpoint = match tables {
        Some((_, table)) => Checkpoint::open(file, size.len(), table)?,
        None => Checkpoint::passing()?,
    };
    let mut report = Report::open(file, checkpoint.records > 0)?;
    let bar = bar(size.len());
    let read = Rc::new(Cell::new(0));
    let told = {
        let read = Rc::clone(&read);
        move |bytes| read.set(read.get() + bytes)
    };
    let mut records = Format::of(file)?.read(file, told)?;
    for _ in 0..checkpoint.records {
        records.next().transpose()?;
    }
    let now = Clock::System.now();
    loop {
        let batch: Vec<Numbered> = records
            .by_ref()
            .take(BATCH)
            .collect::<std::io::Result<_>>()
            .context("the file cannot be read")?;
        if batch.is_empty() {
            break;
        }
        let count = batch.len() as u64;
        let import = &checkpoint.import;
        let users = tables.map(|(users, _)| users);
        let outcomes = stream::iter(batch).map(|numbered| decide(numbered, import, now, users));
        let outcomes: Vec<(u64, anyhow::Result<Taken>)> =
            outcomes.buffered(AT_ONCE).collect().await;
        for (line, outcome) in outcomes {
            let taken = outcome
                .with_context(|| format!("line {line}: the same command goes on from before it"))?;
            checkpoint.tally.count(&taken);
            if let Taken::Refused(refusal) = taken {
                report.refused(line, &refusal)?;
            }
        }
        checkpoint.records += count;
        report.flush()?;
        checkpoint.save()?;
        bar.set_position(read.get());
    }
    bar.finish_and_clear();
    report.end()?;
    checkpoint.end()
}

/// Takes one record over; without tables it is looked at alone.
async fn decide(
    Numbered { line, record }: Numbered,
    import: &str,
    now: Timestamp,
    users: Option<&Users>,
) -> (u64, anyhow::Result<Taken>) {
    let user = record.and_then(|record| record.user(import, now));
    let outcome = match (user, users) {
        (Err(refusal), _) => Ok(Taken::Refused(refusal)),
        (Ok(_), None) => Ok(Taken::Written),
        (Ok(user), Some(users)) => take(users, &user).await,
    };
    (line, outcome)
}

impl Tally {
    fn count(&mut self, taken: &Taken) {
        match taken {
            Taken::Written => self.taken += 1,
            Taken::Already => self.already += 1,
            Taken::Refused(Refusal { .. }) => self.refused += 1,
        }
    }
}

fn report_of(arguments: &Arguments, tally: Tally) -> String {
    if tally.refused == 0 {
        return String::new();
    }
    let path = report::path(&arguments.file);
    format!(" {} says which lines, and why.", path.display())
}

/// Shown where somebody watches: on a terminal alone.
fn bar(size: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}% {elapsed} (of {duration})");
    let bar = ProgressBar::new(size);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

fn say(sentence: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{sentence}").context("stdout is closed")
}

/// The most memory that this process had, in MiB; Linux tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024)
}

/// Lines between two checkpoints: all that is in memory, and all that a run which is
/// taken up again looks at twice.
const BATCH: usize = 256;
/// Writes under way at once. A table on demand takes a few hundred users a second at
/// first; more would be throttled.
const AT_ONCE: usize = 16;

#[cfg(test)]
mod tests;
