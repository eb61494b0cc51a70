//! `gatehouse export`: all users into a file that `import` reads. No lock-in.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gatehouse_store::Users;

use crate::people::{Format, Record};
use crate::place::{Place, PlaceArguments};

/// What `gatehouse export` is told.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file to make: one JSON object a line (.ndjson), or CSV with a header (.csv)
    file: PathBuf,
    #[command(flatten)]
    place: PlaceArguments,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    Format::of(&arguments.file)?;
    let place = Place::find(&arguments.place).await?;
    let done = match place.table("USERS_TABLE") {
        Ok(table) => export(&Users::new(place.tables(), table), &arguments.file).await,
        Err(error) => Err(error),
    };
    place.close().await;
    let count = done?;
    writeln!(
        std::io::stdout(),
        "{count} users are in {}, with their password hashes: keep it as you keep passwords.",
        arguments.file.display()
    )
    .context("stdout is closed")
}

/// Writes everybody to a new file that its owner alone can read.
async fn export(users: &Users, file: &Path) -> anyhow::Result<u64> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    let made = made.with_context(|| file.display().to_string())?;
    let mut sink = Format::of(file)?.write(BufWriter::new(made))?;
    let (mut count, mut start) = (0, None);
    loop {
        let page = users.everybody(start.as_deref()).await?;
        for user in &page.users {
            sink.put(&Record::from(user))?;
            count += 1;
        }
        start = page.next;
        if start.is_none() {
            sink.end()?;
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests;
