//! Local stacks with a data directory that are killed while they write, and while they start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::long_run::{self, Goal};
use gatehouse_tests::random::{Random, seeds};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::host::{Host, kill_during_start};
use crate::writers::{Writer, Written};

/// What came of the kills.
#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    kills_during_start: u64,
    acknowledged: u64,
    reopened: Vec<Duration>,
}

/// How many write at once.
const WRITERS: u64 = 8;
/// How long they write before the kill, at most.
const LONGEST: u64 = 150;
/// One kill in this many comes while the stack starts.
const DURING_START: u64 = 5;
/// How many kills a data directory sees.
const NEW_DIRECTORY: u64 = 25;

/// Kills stacks until there were enough kills, or the time is over.
async fn kill(seed: u64, goal: Goal) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for seed in seeds(seed) {
        let killed = kill_in_one_directory(Random::new(seed), &goal, &mut tally);
        killed.await.with_context(|| format!("seed {seed}"))?;
        if goal.is_reached(tally.kills) {
            break;
        }
    }
    Ok(tally)
}

/// Kills stacks one after the other, all with the same tables.
async fn kill_in_one_directory(
    mut random: Random,
    goal: &Goal,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let directory = TempDir::new()?;
    let mut writers = writers(&mut random);
    for number in 0..NEW_DIRECTORY {
        // Also the first start, when there are no tables yet.
        if number % DURING_START == 0 {
            let longest = tally.typical().unwrap_or(Duration::from_millis(400));
            let after = random.below(u64::try_from(longest.as_micros())?);
            kill_during_start(directory.path(), Duration::from_micros(after)).await?;
            tally.kills_during_start += 1;
        }
        let host = Host::start(directory.path()).await?;
        tally.reopened.push(host.took);
        check(&host, &mut writers).await?;
        let writing = Duration::from_millis(random.below(LONGEST));
        writers = write(host, writers, writing).await?;
        tally.kills += 1;
        if goal.is_reached(tally.kills) {
            break;
        }
    }
    let host = Host::start(directory.path()).await?;
    check(&host, &mut writers).await?;
    tally.acknowledged += writers
        .iter()
        .map(|writer| writer.acknowledged)
        .sum::<u64>();
    Ok(())
}

fn writers(random: &mut Random) -> Vec<Writer> {
    let writers =
        (0..WRITERS).map(|number| Writer::new(format!("w{number}"), random.below(1 << 31)));
    writers.collect()
}

/// Lets everybody write, and kills the stack meanwhile.
async fn write(host: Host, writers: Vec<Writer>, time: Duration) -> anyhow::Result<Vec<Writer>> {
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writing = JoinSet::new();
    for mut writer in writers {
        let (addresses, is_over) = (Arc::clone(&host.addresses), Arc::clone(&is_over));
        writing.spawn(async move {
            writer.write(&addresses, &is_over).await?;
            anyhow::Ok(writer)
        });
    }
    sleep(time).await;
    host.kill().await?;
    is_over.store(true, Ordering::Relaxed);
    let mut writers = Vec::new();
    while let Some(writer) = writing.join_next().await {
        writers.push(writer??);
    }
    Ok(writers)
}

async fn check(host: &Host, writers: &mut [Writer]) -> anyhow::Result<()> {
    let contents = Written::read(&host.addresses).await?;
    for writer in writers {
        writer.check(&contents).await?;
    }
    Ok(())
}

impl Tally {
    /// Returns the median of the times that a stack took to serve again.
    fn typical(&self) -> Option<Duration> {
        let mut sorted = self.reopened.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    fn report(&self) -> anyhow::Result<()> {
        let longest = self.reopened.iter().max().copied().unwrap_or_default();
        long_run::report(&json!({
            "stack_kills": self.kills,
            "kills_during_start": self.kills_during_start,
            "acknowledged_writes": self.acknowledged,
        }));
        let typical = self.typical().unwrap_or_default();
        ensure!(
            typical < Duration::from_secs(1),
            "a stack took {typical:?} to serve again, and {longest:?} at most"
        );
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_killed_while_it_writes_loses_nothing_that_was_acknowledged() -> anyhow::Result<()>
{
    let tally = kill(1, Goal::of(50, None)).await?;
    assert!(tally.acknowledged > 100, "{tally:?}");
    tally.report()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "half an hour; cargo long kills"]
async fn stacks_lose_nothing_in_the_long_run() -> anyhow::Result<()> {
    kill(long_run::seed(), Goal::of(2_000, long_run::time()))
        .await?
        .report()
}
