//! Kills a function while a request runs, and counts what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use gatehouse_tests::random::Random;
use gatehouse_tests::{Response, Service};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::processes;

/// Kills functions of one service.
pub(crate) struct Killer<'a> {
    pub(crate) service: &'a Service,
    pub(crate) random: Random,
    /// In microseconds, by the name of the act: kills come at random between zero and this.
    latest: BTreeMap<&'static str, u64>,
    pub(crate) tally: Tally,
}

/// How many kills there were, and what came of them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    /// Kills before the response.
    pub(crate) interrupted: u64,
    /// Requests that took effect although they failed.
    pub(crate) unacknowledged: u64,
}

/// Where the search for the best instants begins.
const FIRST_LATEST: u64 = 40_000;

impl Tally {
    pub(crate) fn figures(&self) -> Value {
        json!({
            "function_kills": self.kills,
            "interrupted_requests": self.interrupted,
            "effects_without_response": self.unacknowledged,
        })
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.interrupted += other.interrupted;
        self.unacknowledged += other.unacknowledged;
    }
}

impl<'a> Killer<'a> {
    pub(crate) fn new(service: &'a Service, seed: u64) -> Self {
        Self {
            service,
            random: Random::new(seed),
            latest: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Sends a request and kills `victim` while it runs, or a moment later. Returns the response,
    /// unless the request failed as it must.
    ///
    /// # Errors
    /// If there is no response, or one that blames the client.
    pub(crate) async fn during(
        &mut self,
        act: &'static str,
        victim: &str,
        accepted: u16,
        request: impl Future<Output = anyhow::Result<Response>>,
    ) -> anyhow::Result<Option<Response>> {
        let latest = self.latest.entry(act).or_insert(FIRST_LATEST);
        let instant = Duration::from_micros(self.random.below(*latest));
        let url = self.service.stack().dynamodb_url();
        let (response, is_killed) = tokio::join!(request, async {
            sleep(instant).await;
            processes::kill_soon(url, victim).await
        });
        let response = response?;
        self.tally.kills += u64::from(is_killed);
        let status = response.status;
        if (500..=503).contains(&status) {
            let code = response.code();
            ensure!(is_killed, "{act}: {status} {code} without a kill");
            self.tally.interrupted += 1;
            // Half of the kills are to come before the response, however fast this machine is.
            *latest += *latest / 8;
            return Ok(None);
        }
        *latest -= *latest / 8;
        // Not the body, which may have tokens.
        let code = response.code();
        ensure!(
            status == accepted,
            "{act}: {status} {code}, although only {victim} was killed"
        );
        Ok(Some(response))
    }
}
