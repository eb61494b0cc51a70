//! `gatehouse local` itself: its JSON, and the log that it shows.

use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use serde_json::Value;

use crate::local_process::LocalProcess;

#[tokio::test(flavor = "multi_thread")]
async fn local_prints_where_it_is_and_logs_with_the_time_of_day() -> anyhow::Result<()> {
    // Builds the functions.
    drop(Service::start().await?);
    let started = ["--json", "--seed"];
    let mut local = LocalProcess::start(&started, &[("TZ", "XXX-5:30")])?;
    let checked = check(&local.first_line()?, &local.shown).await;
    let status = local.stop()?;
    checked?;
    assert_eq!(status.code(), Some(0));
    Ok(())
}

async fn check(ready: &str, shown: &mpsc::Receiver<String>) -> anyhow::Result<()> {
    let ready: Value = serde_json::from_str(ready).context("local is not ready")?;
    let members: Vec<&String> = ready.as_object().context("an object")?.keys().collect();
    let documented = [
        "data_dir",
        "dynamodb_url",
        "environment_file",
        "tables",
        "url",
        "users",
    ];
    assert_eq!(members, documented);
    let url = ready.get("url").and_then(Value::as_str).unwrap_or_default();
    // `{"username": …, "password": …}`, the same as the body of a login.
    let user = ready.pointer("/users/0").context("no demo user")?;
    let client = reqwest::Client::new();
    let login = client
        .post(format!("{url}/login"))
        .json(user)
        .send()
        .await?;
    assert_eq!(login.status(), 200);
    let date = login
        .headers()
        .get("date")
        .context("no date")?
        .to_str()?
        .to_owned();
    let line = loop {
        let line = shown
            .recv_timeout(Duration::from_secs(20))
            .context("no line for the login")?;
        if line.contains("POST /login 200") {
            break line;
        }
    };
    // `14:03:07.042 POST /login 200 12 ms`
    let (time, _) = line
        .split_once(" POST /login 200 ")
        .context("no time before the request")?;
    let shape = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c });
    assert_eq!(shape.collect::<String>(), "00:00:00.000", "{line}");
    // The zone is 5:30 ahead of UTC; the response may be a few seconds older than its log line.
    let seconds = |text: &str| -> anyhow::Result<i64> {
        let parts = text.split(':').map(str::parse::<i64>);
        let parts: Vec<i64> = parts.collect::<Result<_, _>>()?;
        Ok(parts.iter().fold(0, |sum, part| sum * 60 + part))
    };
    let sent = date.split(' ').nth(4).context("no time in the date")?;
    let ahead = seconds(&time[..8])? - seconds(sent)?;
    let off = (ahead - (5 * 60 + 30) * 60).rem_euclid(24 * 3600);
    ensure!(!(10..=24 * 3600 - 10).contains(&off), "{line} but {date}");
    Ok(())
}
