//! Functions that are killed while requests run against the local stack.

use gatehouse_tests::long_run::Goal;
use gatehouse_tests::random::seeds;
use gatehouse_tests::service::{MAIL_FROM, parameters};
use gatehouse_tests::{Service, long_run};

use crate::killer::{Killer, Tally};

/// Lives until there were enough kills, or the time is over.
async fn lives(seed: u64, goal: Goal) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for seed in seeds(seed) {
        let service = service().await?;
        let admin = service.administrator("grace").await?;
        let mut killer = Killer::new(&service, seed);
        for _ in 0..LIVES {
            let lived = killer.live(&admin).await;
            lived.map_err(|error| with_log(error.context(format!("seed {seed}")), &service))?;
            if goal.is_reached(tally.kills + killer.tally.kills) {
                tally.add(&killer.tally);
                return Ok(tally);
            }
        }
        tally.add(&killer.tally);
    }
    Ok(tally)
}

/// Adds to an error what the stack logged last, which says how a process ended.
fn with_log(error: anyhow::Error, service: &Service) -> anyhow::Error {
    let logs = service.stack().logs();
    let last = logs.get(logs.len().saturating_sub(LAST)..);
    error.context(last.unwrap_or_default().join("\n"))
}

/// How many lines of the log an error shows.
const LAST: usize = 12;

/// With mail, so that the transactions contain what is to be mailed. All lives come from one
/// network, which may have as many wrong passwords as a hundred of them.
async fn service() -> anyhow::Result<Service> {
    Service::start_locally(|options| {
        let pairs = [MAIL_FROM, ("AddressAttemptsPerHour", "10000")];
        options.parameters.extend(parameters(&pairs));
    })
    .await
}

/// After this many lives, a new service takes over: the tables are read again and again.
const LIVES: u32 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_killed_at_random_lose_nothing_and_leave_nothing_half_done() -> anyhow::Result<()>
{
    let tally = lives(1, Goal::of(50, None)).await?;
    long_run::report(&tally.figures());
    // Most of the others came a moment after the response.
    assert!(tally.interrupted >= 15, "{tally:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "an hour; cargo long kills"]
async fn functions_lose_nothing_in_the_long_run() -> anyhow::Result<()> {
    let tally = lives(long_run::seed(), Goal::of(5_000, long_run::time())).await?;
    long_run::report(&tally.figures());
    Ok(())
}
