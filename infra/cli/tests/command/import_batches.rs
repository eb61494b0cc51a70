//! Imports whose transactions fail, or that are killed between them.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use gatehouse_testing::{Fault, at_call};
use gatehouse_tests::Service;
use gatehouse_tests::proxy::Proxy;
use http::Response;
use serde_json::json;
use tokio::time::timeout;

use crate::project::{Ended, Project};

/// bcrypt, cost 4.
const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
/// Lines with an id and an address take five items each, of a hundred.
const PER_TRANSACTION: usize = 20;
/// Entries between two checkpoints.
const BATCH: usize = 1_024;

/// A project whose service is behind a proxy.
struct Moved {
    project: Project,
    proxy: Proxy,
    _service: Service,
}

impl Moved {
    async fn start() -> anyhow::Result<Self> {
        let (service, proxy) = Service::start_behind_a_proxy(|_| ()).await?;
        let project = Project::of(&service)?;
        Ok(Self {
            project,
            proxy,
            _service: service,
        })
    }

    /// Returns the numbers of the users who are stored, in their order.
    fn stored(&self) -> anyhow::Result<Vec<usize>> {
        let exported = self.project.run(&["export", "out.ndjson"])?;
        ensure!(exported.succeeded(), "{exported:?}");
        let text = self.project.read("out.ndjson")?;
        std::fs::remove_file(self.project.path("out.ndjson"))?;
        let number = |line: &str| -> anyhow::Result<usize> {
            let line: serde_json::Value = serde_json::from_str(line)?;
            let id = line.get("external_id").and_then(|id| id.as_str());
            Ok(id.context("no external_id")?.parse()?)
        };
        let mut numbers: Vec<usize> = text.lines().map(number).collect::<Result<_, _>>()?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn import(&self) -> anyhow::Result<Ended> {
        self.project.run(&["import", "users.ndjson"])
    }
}

fn lines(numbers: std::ops::Range<usize>) -> Vec<String> {
    let line = |number| {
        json!({
            "id": number,
            "username": format!("user-{number}"),
            "email": format!("user-{number}@example.org"),
            "password_hash": HASH,
        })
        .to_string()
    };
    numbers.map(line).collect()
}

fn throttled() -> anyhow::Result<Fault> {
    let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":""}"#;
    let response = Response::builder().status(400).body(Bytes::from(body))?;
    Ok(Fault::Fail(response))
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_and_lost_responses_neither_lose_a_line_nor_import_one_twice()
-> anyhow::Result<()> {
    let moved = Moved::start().await?;
    // One line is there already, and one name is taken by someone else.
    let all = lines(0..500);
    let mut before = vec![all[70].clone()];
    before.push(
        all[71]
            .replace("\"id\":71", "\"id\":1071")
            .replace("user-71@", "owner@"),
    );
    moved.project.write("users.ndjson", &before.join("\n"))?;
    ensure!(moved.import()?.succeeded());
    moved.proxy.faults().take_calls().clear();
    // A line twice, and a second user with a name, within one batch.
    let mut text = all.join("\n");
    write!(
        text,
        "\n{}\n{}",
        all[130],
        all[131].replace("\"id\":131", "\"id\":1131")
    )?;
    moved.project.write("users.ndjson", &text)?;
    let faults = moved.proxy.faults();
    for attempt in 2..8 {
        faults.inject(at_call(attempt).of("TransactWriteItems"), throttled()?);
    }
    for attempt in 9..16 {
        let lost = at_call(attempt).of("TransactWriteItems").after();
        faults.inject(lost, Fault::Cut);
    }
    let imported = moved.import()?;
    ensure!(imported.code == Some(3), "{imported:?}");
    // If the response is lost to the transaction that has the line that was there before,
    // nothing shows that this run has not imported it.
    let expected = [
        "Imported: 498, already there: 2, refused: 2 (",
        "Imported: 499, already there: 1, refused: 2 (",
    ];
    let mut expected = expected.iter();
    assert!(
        expected.any(|expected| imported.out.starts_with(expected)),
        "{imported:?}"
    );
    let refused = moved.project.read("users.ndjson.refused.ndjson")?;
    let places: Vec<_> = refused
        .lines()
        .map(|line| line.split(",\"detail").next())
        .collect();
    let expected = [
        Some("{\"line\":72,\"field\":\"username\""),
        Some("{\"line\":502,\"field\":\"username\""),
    ];
    assert_eq!(places, expected);
    let mut expected: Vec<usize> = (0..500).filter(|number| *number != 71).collect();
    expected.push(1_071);
    assert_eq!(moved.stored()?, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_between_transactions_resumes_without_losing_a_line()
-> anyhow::Result<()> {
    let moved = Moved::start().await?;
    let count = 2 * BATCH + 100;
    moved
        .project
        .write("users.ndjson", &lines(0..count).join("\n"))?;
    // In the second batch, after some of its transactions.
    let call = BATCH.div_ceil(PER_TRANSACTION) + 20;
    let faults = moved.proxy.faults();
    let held = faults.inject(at_call(call).of("TransactWriteItems"), Fault::Hold);
    let mut command = moved.project.command(&["import", "users.ndjson"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn()?;
    timeout(Duration::from_secs(50), held).await??;
    running.kill()?;
    running.wait()?;
    faults.clear();
    let written = moved.stored()?.len();
    ensure!(written > BATCH && written < 2 * BATCH, "{written}");

    let resumed = moved.import()?;
    ensure!(resumed.succeeded(), "{resumed:?}");
    assert!(
        resumed.err.contains("Resuming after 1024 entries."),
        "{resumed:?}"
    );
    let again = written - BATCH;
    let expected = format!(
        "Imported: {}, already there: {again}, refused: 0 (",
        count - again
    );
    assert!(resumed.out.starts_with(&expected), "{resumed:?}");
    assert_eq!(moved.stored()?, (0..count).collect::<Vec<_>>());
    let ids = moved.project.read("users.ndjson.ids.csv")?;
    assert_eq!(ids.lines().count(), count + 1);
    Ok(())
}
