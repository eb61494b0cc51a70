//! The two runs: clients that wait for their responses, and requests at a fixed rate.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gatehouse_tests::service::{CLIENT_ADDRESS, parameters};
use gatehouse_tests::{Service, long_run};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use crate::mix::{Mix, Operation};
use crate::options::Options;
use crate::processes::Memory;
use crate::tally::Tally;
use crate::{population, print, programs, say};

/// How many users exist by default.
const USERS: usize = 10_000;
/// How often the memory is read.
const SAMPLING: Duration = Duration::from_secs(5);
/// By how much the memory may grow from a quarter of the time until the end, in percent.
const FLAT: f64 = 10.0;

/// Starts a stack and measures it. Returns whether no request failed and the memory stayed
/// flat.
///
/// # Errors
/// If the stack does not start.
pub(crate) async fn run(options: &Options) -> anyhow::Result<bool> {
    let bin_dir = programs::directory(options)?;
    let service = Service::start_locally(|stack| {
        stack.bin_dir = bin_dir;
        stack.parameters = parameters(&[("ClientAddress", CLIENT_ADDRESS)]);
    })
    .await?;
    let users = options.users.unwrap_or(USERS);
    say(&format!("Creating {users} users."));
    population::create(&service, users).await?;
    let mix = Mix::start(service, users)
        .await
        .map_err(anyhow::Error::msg)?;
    let mix = Arc::new(mix);

    let sampling = tokio::spawn(sample());
    let half = options.duration / 2;
    say(&format!("{} clients for {half:?}.", options.clients));
    let closed = closed(&mix, options.clients, half).await;
    say(&format!(
        "{} requests per second for {half:?}.",
        options.rate
    ));
    let open = open(&mix, options.rate, half).await;
    sampling.abort();
    let memory = SAMPLES.lock().await.clone();

    let mut text = format!(
        "{} clients, each waiting for its response: {:.0} requests per second\n\n{}\n\
         {} requests per second, latencies since the time at which each was due:\n\n{}\n",
        options.clients,
        count(closed.requests()) / half.as_secs_f64(),
        closed.text(),
        options.rate,
        open.text(),
    );
    let is_flat = describe(&memory, &mut text);
    let failed = closed.failed() + open.failed();
    let _ = writeln!(text, "Failed requests: {failed}.");
    print(&text);
    let requests = closed.requests() + open.requests();
    long_run::report(&json!({"requests": requests, "failed": failed}));
    Ok(is_flat && failed == 0)
}

/// Lets clients send one request after the other.
async fn closed(mix: &Arc<Mix>, clients: usize, duration: Duration) -> Arc<Tally> {
    let (tally, numbers) = (Arc::new(Tally::default()), Arc::new(AtomicU64::new(0)));
    let end = Instant::now() + duration;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (mix, tally, numbers) = (Arc::clone(mix), Arc::clone(&tally), Arc::clone(&numbers));
        tasks.spawn(async move {
            while Instant::now() < end {
                let operation = Operation::at(numbers.fetch_add(1, Ordering::Relaxed));
                let began = Instant::now();
                let result = mix.perform(operation).await;
                tally.add(operation, began.elapsed(), result);
            }
        });
    }
    tasks.join_all().await;
    tally
}

/// Sends requests at a fixed rate, whether or not responses come. A latency begins when its
/// request is due, so that a delay of the sender counts, too.
async fn open(mix: &Arc<Mix>, rate: u32, duration: Duration) -> Arc<Tally> {
    let tally = Arc::new(Tally::default());
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0_u32.. {
        let due = began + Duration::from_secs(1) * number / rate;
        if due >= began + duration {
            break;
        }
        sleep_until(due).await;
        let (mix, tally) = (Arc::clone(mix), Arc::clone(&tally));
        tasks.spawn(async move {
            let operation = Operation::at(number.into());
            let result = mix.perform(operation).await;
            tally.add(operation, due.elapsed(), result);
        });
        while tasks.try_join_next().is_some() {}
    }
    tasks.join_all().await;
    tally
}

/// The memory so far.
static SAMPLES: tokio::sync::Mutex<Vec<Memory>> = tokio::sync::Mutex::const_new(Vec::new());

async fn sample() {
    let mut times = interval(SAMPLING);
    loop {
        times.tick().await;
        SAMPLES.lock().await.push(Memory::now());
    }
}

/// Adds the memory over time. Returns whether it stayed flat.
fn describe(memory: &[Memory], text: &mut String) -> bool {
    text.push_str(
        "| part of the time | host MB | functions MB | processes |\n| --- | ---: | ---: | ---: |\n",
    );
    let last = memory.len().saturating_sub(1);
    let at = |quarter: usize| memory.get(last * quarter / 4).copied().unwrap_or_default();
    for quarter in 0..=4 {
        let Memory {
            host,
            functions,
            processes,
        } = at(quarter);
        let _ = writeln!(
            text,
            "| {} % | {host:.0} | {functions:.0} | {processes} |",
            quarter * 25
        );
    }
    let sum = |memory: Memory| memory.host + memory.functions;
    let grown = (sum(at(4)) / sum(at(1)).max(1.0) - 1.0) * 100.0;
    let _ = writeln!(text, "\nMemory since the first quarter: {grown:+.1} %.");
    grown < FLAT
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(requests: usize) -> f64 {
    requests as f64
}
