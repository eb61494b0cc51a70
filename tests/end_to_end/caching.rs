//! What API Gateway's cache of the authorizer's responses saves: measured on a local stack, which
//! caches as API Gateway does, and the figures of `docs/caching.md`.

use std::time::Instant;

use anyhow::Context;
use gatehouse_tests::binaries::root;
use gatehouse_tests::service::parameters;
use gatehouse_tests::{Person, Service};

use crate::scale::cells;

/// Settings of `AuthorizerCacheSeconds`.
const SECONDS: [u32; 4] = [0, 1, 10, 60];
/// Calls with one token.
const CALLS: [u32; 4] = [1, 3, 10, 100];
/// Of an invocation.
const READ_UNITS: u32 = 3;

#[tokio::test]
#[expect(clippy::print_stdout, reason = "docs/caching.md shows the table")]
async fn a_burst_invokes_the_authorizer_once_in_each_time_of_the_cache() -> anyhow::Result<()> {
    println!("| `AuthorizerCacheSeconds` | 1 call | 3 calls | 10 calls | 100 calls |");
    for seconds in SECONDS {
        let settings = parameters(&[("AuthorizerCacheSeconds", &seconds.to_string())]);
        let start = Service::start_behind_a_proxy(|options| options.parameters = settings);
        let (service, proxy) = start.await?;
        let mut ada = service.logged_in("ada").await?;
        // The first request also starts the function, and reads the keys.
        ada.is_let_in(&service).await?;
        let mut shown = Vec::new();
        for calls in CALLS {
            // Another access token, which nothing has cached.
            ada = ada.refreshes(&service).await?;
            let _earlier = proxy.take_costs();
            let burst = Burst::of(&service, &ada, calls).await?;
            let costs = proxy.take_costs();
            let costs = costs.iter().filter(|cost| !cost.is_of_keys);
            let reads: Vec<f64> = costs.map(|cost| cost.reads).collect();
            let invoked = u32::try_from(reads.len())?;
            burst.explains(seconds, invoked);
            let units: f64 = reads.iter().sum();
            assert_eq!(units.to_string(), (invoked * READ_UNITS).to_string());
            let mean = burst.milliseconds / f64::from(calls);
            shown.push(format!("{invoked}, {units}, {mean:.1} ms"));
        }
        println!("| {seconds} | {} |", shown.join(" | "));
    }
    Ok(())
}

/// Calls with one token, one after the other.
struct Burst {
    calls: u32,
    milliseconds: f64,
}

impl Burst {
    async fn of(service: &Service, person: &Person, calls: u32) -> anyhow::Result<Self> {
        let began = Instant::now();
        for _ in 0..calls {
            person.is_let_in(service).await?;
        }
        Ok(Self {
            calls,
            milliseconds: began.elapsed().as_secs_f64() * 1e3,
        })
    }

    /// Requires the invocations that its duration explains: a busy machine takes longer.
    fn explains(&self, seconds: u32, invoked: u32) {
        if seconds == 0 {
            assert_eq!(invoked, self.calls);
            return;
        }
        let most = 1.0 + self.milliseconds / 1e3 / f64::from(seconds);
        let calls = self.calls;
        assert!(invoked >= 1, "{seconds} s, {calls} calls");
        assert!(
            f64::from(invoked) <= most,
            "{seconds} s, {calls} calls: {invoked}"
        );
    }
}

#[test]
fn the_pages_figures_follow_from_an_invocation() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/caching.md"))?;
    let invocation = Invocation::read()?;
    let (_, after) = page.split_once("## What it saves").context("no section")?;
    let mut tables = after.split("| --- | --- | --- | --- | --- |\n").skip(1);
    for life in [1, ACCESS_TOKEN_SECONDS] {
        let table = tables.next().context("no table")?;
        for seconds in SECONDS {
            let cells =
                CALLS.map(|calls| invocation.cell(invocations(seconds, calls, life), calls));
            let row = format!("| {seconds} | {} |", cells.join(" | "));
            assert!(table.contains(&row), "docs/caching.md lacks\n{row}");
        }
    }
    Ok(())
}

/// What one invocation of the authorizer takes.
struct Invocation {
    /// Dollars per million.
    price: f64,
    milliseconds: f64,
}

impl Invocation {
    /// Reads the price from the page about costs.
    fn read() -> anyhow::Result<Self> {
        let costs = std::fs::read_to_string(root().join("docs/costs.md"))?;
        let name = "authorised calls (authorizer only)";
        let costs = cells(&costs, name, "| one million")?;
        let price = costs.last().context("no sum")?.trim_start_matches('$');
        Ok(Self {
            price: price.parse()?,
            milliseconds: WARM_MS + CALL_MS,
        })
    }

    /// Returns a cell: invocations and read units of the token, the mean delay of a call, and
    /// dollars per million calls.
    fn cell(&self, invoked: u32, calls: u32) -> String {
        let share = f64::from(invoked) / f64::from(calls);
        let cost = format!("{:.3}", self.price * share);
        let cost = cost.strip_suffix('0').unwrap_or(&cost);
        let (units, delay) = (invoked * READ_UNITS, self.milliseconds * share);
        format!("{invoked}, {units}, {delay:.1} ms, ${cost}")
    }
}

/// How often the authorizer is invoked for calls that are spread evenly over `life` seconds.
fn invocations(cache: u32, calls: u32, life: u32) -> u32 {
    // In units of a second divided by the number of calls.
    let (mut invoked, mut kept_until) = (0, 0);
    for at in (0..calls).map(|call| call * life) {
        if invoked == 0 || at >= kept_until {
            invoked += 1;
            kept_until = at + cache * calls;
        }
    }
    invoked
}

/// The default of `AccessTokenTtlSeconds`.
const ACCESS_TOKEN_SECONDS: u32 = 900;
/// What `docs/scale.md` assumes that a call to DynamoDB takes.
const CALL_MS: f64 = 5.0;
/// What `cargo speed` measured for a warm call besides.
const WARM_MS: f64 = 0.4;
