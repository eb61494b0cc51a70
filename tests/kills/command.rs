//! `gatehouse local` itself, killed while people register, log in and refresh.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries;
use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::random::Random;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// What a person knows to be true.
#[derive(Default)]
struct Known {
    username: String,
    is_registered: bool,
    /// The newest refresh token, and whether it was sent without a response.
    refresh_token: Option<(String, bool)>,
}

/// The service, in a process group of its own.
struct Local {
    child: Child,
    url: String,
}

impl Local {
    async fn start(data_dir: &TempDir) -> anyhow::Result<Self> {
        let mut child = Command::new(binaries::command()?)
            .args([
                "local",
                "--json",
                "--port",
                "0",
                "--dynamodb-port",
                "0",
                "--data-dir",
            ])
            .arg(data_dir.path().join("data"))
            .current_dir(binaries::root())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await?.context("it did not start")?;
        let shown: Value = serde_json::from_str(&line)?;
        let url = shown["url"].as_str().context("no URL")?.to_owned();
        Ok(Self { child, url })
    }

    /// Kills it and everything that it started in its group.
    async fn kill(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("it has ended by itself")?;
        let group = Pid::from_raw(id.cast_signed()).context("no process id")?;
        kill_process_group(group, Signal::KILL)?;
        self.child.wait().await?;
        Ok(())
    }
}

/// Posts JSON; returns the status and the body, if there is a response.
async fn post(url: &str, path: &str, body: Value) -> Option<(u16, Value)> {
    let client = reqwest::Client::builder().no_proxy().build().ok()?;
    let request = client.post(format!("{url}{path}")).json(&body);
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.ok()?))
}

impl Known {
    /// Does what comes next, and notes only what was acknowledged.
    async fn go_on(&mut self, url: &str) -> anyhow::Result<()> {
        let login = json!({ "username": self.username, "password": PASSWORD });
        if !self.is_registered {
            if let Some((status, body)) = post(url, "/register", login).await {
                // 409: the last kill came before the response.
                ensure!(
                    [201, 409, 500, 503].contains(&status),
                    "{status} {}",
                    body["code"]
                );
                self.is_registered = status == 201 || status == 409;
            }
            return Ok(());
        }
        let Some((token, is_sent)) = &mut self.refresh_token else {
            if let Some((status, body)) = post(url, "/login", login).await {
                ensure!(
                    [200, 500, 503].contains(&status),
                    "{status} {}",
                    body["code"]
                );
                self.refresh_token = token_in(&body);
            }
            return Ok(());
        };
        let was_sent = std::mem::replace(is_sent, true);
        if let Some((status, body)) = post(url, "/refresh", json!({ "refresh_token": token })).await
        {
            // After ten seconds, a token whose successor was never seen is refused.
            let refused = was_sent && status == 400;
            ensure!(
                refused || [200, 500, 503].contains(&status),
                "{status} {}",
                body["error"]
            );
            self.refresh_token = token_in(&body).or(self.refresh_token.take().filter(|_| !refused));
        }
        Ok(())
    }
}

fn token_in(body: &Value) -> Option<(String, bool)> {
    Some((body["refresh_token"].as_str()?.to_owned(), false))
}

/// How many people come with each start.
const PEOPLE: usize = 4;
/// After how long nobody goes on, although the service was not killed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lets everybody go on, and kills the service once this many of their steps are done.
async fn go_on(local: Local, people: Vec<Known>, steps: u64) -> anyhow::Result<Vec<Known>> {
    let end = Instant::now() + PATIENCE;
    let done = Arc::new(AtomicU64::new(0));
    let mut busy = JoinSet::new();
    for mut person in people {
        let (url, done) = (local.url.clone(), Arc::clone(&done));
        busy.spawn(async move {
            while Instant::now() < end && reqwest::get(&url).await.is_ok() {
                person.go_on(&url).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(person)
        });
    }
    while done.load(Ordering::Relaxed) < steps && Instant::now() < end {
        sleep(Duration::from_millis(5)).await;
    }
    local.kill().await?;
    let mut people = Vec::new();
    while let Some(person) = busy.join_next().await {
        people.push(person??);
    }
    Ok(people)
}

/// Expects an account that was acknowledged, and a session whose token was not sent since.
async fn check(url: &str, person: &Known) -> anyhow::Result<()> {
    let body = json!({ "username": person.username, "password": PASSWORD });
    let login = post(url, "/login", body).await.context("no response")?;
    let (status, body) = login;
    ensure!(
        !person.is_registered || status == 200,
        "{status} {}",
        body["code"]
    );
    if let Some((token, false)) = &person.refresh_token {
        let body = json!({ "refresh_token": token });
        let refreshed = post(url, "/refresh", body).await.context("no response")?;
        let (status, body) = refreshed;
        ensure!(status == 200, "{status} {}", body["error"]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_service_killed_with_its_group_keeps_accounts_and_sessions() -> anyhow::Result<()>
{
    let data_dir = TempDir::new()?;
    let mut random = Random::new(1);
    let mut people: Vec<Known> = Vec::new();
    for _ in 0..3 {
        people.resize_with(people.len() + PEOPLE, || Known {
            username: unique("ada"),
            ..Known::default()
        });
        let local = Local::start(&data_dir).await?;
        people = go_on(local, people, PEOPLE as u64 + random.below(20)).await?;
    }
    let local = Local::start(&data_dir).await?;
    for person in &people {
        check(&local.url, person).await?;
    }
    let registered = people.iter().filter(|person| person.is_registered);
    let registered = registered.count();
    assert!(registered >= PEOPLE, "{registered}");
    local.kill().await
}
