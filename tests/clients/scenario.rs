//! Scenarios of the clients in `docs/clients`, run by `gatehouse_client.mjs` and
//! `gatehouse_client.py`.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::person::PASSWORD;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::install;
use crate::relay::{Reaction, Relay};

/// The route of a refresh, which no client adds a query to.
pub(crate) const REFRESH: &str = "POST /refresh";

/// How the clients are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Node,
    Threads,
    Asyncio,
}

pub(crate) const ALL: [Kind; 3] = [Kind::Node, Kind::Threads, Kind::Asyncio];
pub(crate) const PYTHON: [Kind; 2] = [Kind::Threads, Kind::Asyncio];

/// A scenario that has succeeded.
pub(crate) struct Run {
    pub(crate) kind: Kind,
    service: Service,
    relay: Relay,
    sub: String,
    /// What the script printed.
    pub(crate) output: String,
}

/// Runs a scenario once per kind, each with its own users and relay.
///
/// # Errors
/// If the script fails.
pub(crate) async fn run(
    scenario: &str,
    kinds: &[Kind],
    reactions: &[(&'static str, Reaction)],
) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    if !install::interpreters()? {
        return Ok(runs);
    }
    for &kind in kinds {
        let service = Service::shared_with(&[("RefreshGraceSeconds", "0")]).await?;
        let (ada, bob) = (
            service.registered("ada").await?,
            service.registered("bob").await?,
        );
        let relay = Relay::start(service.url(), reactions).await?;
        let input = json!({
            "url": relay.url(), "username": ada.username, "other": bob.username,
            "password": PASSWORD,
        });
        let output = act(kind, scenario, &input.to_string()).await?;
        assert_eq!(relay.left(), 0, "{kind:?} {scenario}: a reaction is left");
        let run = Run {
            kind,
            service,
            relay,
            sub: ada.id,
            output,
        };
        run.shows_no_token();
        runs.push(run);
    }
    Ok(runs)
}

/// Runs the script, and returns all it printed.
async fn act(kind: Kind, scenario: &str, input: &str) -> anyhow::Result<String> {
    let mut command = match kind {
        Kind::Node => {
            let mut node = Command::new("node");
            node.arg(install::folder().join("gatehouse_client.mjs"));
            node
        }
        Kind::Threads | Kind::Asyncio => {
            let mut python = Command::new("python3");
            python.arg(install::folder().join("gatehouse_client.py"));
            python.arg(format!("{kind:?}").to_lowercase());
            python
        }
    };
    let mut child = command
        .arg(scenario)
        .env("NO_PROXY", "localhost,127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(input.as_bytes()).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{kind:?} {scenario}: {printed}");
    Ok(printed)
}

impl Run {
    /// Expects that many requests of a route.
    pub(crate) fn requests(&self, route: &str, expected: usize) {
        let requests = self.relay.requests();
        let count = requests.iter().filter(|request| request.route == route);
        assert_eq!(count.count(), expected, "{:?} {route}", self.kind);
    }

    /// Expects that many refreshes, on the wire and in the service's log.
    pub(crate) async fn refreshes(&self, expected: usize) -> anyhow::Result<()> {
        self.requests(REFRESH, expected);
        let lines = self.service.logs().await?;
        let refreshed = lines.iter().filter(|line| {
            line.contains(r#""event":"token_refreshed""#) && line.contains(&self.sub)
        });
        assert_eq!(refreshed.count(), expected, "{:?}", self.kind);
        Ok(())
    }

    /// Returns the key of each refresh; a missing one is empty.
    pub(crate) fn keys(&self) -> Vec<String> {
        let requests = self.relay.requests().into_iter();
        let refreshes = requests.filter(|request| request.route == REFRESH);
        refreshes
            .map(|request| request.idempotency_key.unwrap_or_default())
            .collect()
    }

    fn shows_no_token(&self) {
        let routes = self
            .relay
            .requests()
            .into_iter()
            .map(|request| request.route);
        for text in routes.chain([self.output.clone()]) {
            // How access tokens and refresh tokens begin.
            let shown = text.contains("eyJ") || text.contains("gh_rt_");
            assert!(!shown, "{:?} shows a token: {text}", self.kind);
        }
    }
}
