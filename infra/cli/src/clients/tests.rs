use gatehouse_auth::client::ClientRefusal;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::project;

/// Opens a new data directory.
async fn target(directory: &TempDir) -> Target {
    Target::open(&project::repository(), directory.path())
        .await
        .unwrap()
}

fn id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

async fn run(target: &Target, command: Command) -> anyhow::Result<Value> {
    Ok(execute(target, &command).await?.json)
}

async fn create(target: &Target, name: &str) -> anyhow::Result<Value> {
    run(target, Command::Create { id: id(name) }).await
}

async fn rotate(target: &Target, hours: u64, yes: bool) -> anyhow::Result<Value> {
    let (id, overlap) = (id("reports"), Duration::from_hours(hours));
    run(target, Command::Rotate { id, overlap, yes }).await
}

/// Authenticates with a secret, like the function.
async fn verdict(target: &Target, output: &Value) -> Result<(), ClientRefusal> {
    let table = target.table("SIGNING_KEYS_TABLE").unwrap();
    let clients = Clients::new(target.tables(), table);
    let client = clients.get(&id("reports")).await.unwrap();
    let secret = output["client_secret"].as_str().unwrap();
    Client::authenticate(client.as_ref(), secret, Clock::System.now())
}

#[tokio::test]
async fn a_client_is_created_listed_and_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory).await;
    let empty = execute(&target, &Command::List).await.unwrap();
    assert!(empty.text.contains("clients create"), "{}", empty.text);
    let created = create(&target, "reports").await.unwrap();
    assert_eq!(created["client_id"], "reports");
    assert_eq!(verdict(&target, &created).await, Ok(()));
    create(&target, "a").await.unwrap();

    let list = execute(&target, &Command::List).await.unwrap();
    assert_eq!(list.json["clients"][0]["client_id"], "a");
    assert_eq!(list.json["clients"][1]["previous_ends_at"], Value::Null);
    assert_eq!(list.text.lines().count(), 3);
    let secret = created["client_secret"].as_str().unwrap();
    assert!(!list.text.contains(secret) && !list.json.to_string().contains(secret));

    let revoke = || Command::Revoke {
        id: id("reports"),
        yes: true,
    };
    run(&target, revoke()).await.unwrap();
    assert_eq!(
        verdict(&target, &created).await,
        Err(ClientRefusal::Unknown)
    );
    let again = run(&target, revoke()).await.unwrap_err().to_string();
    assert_eq!(again, "there is no client reports: see `clients list`");
    target.close().await;
}

#[tokio::test]
async fn creating_a_client_again_does_not_replace_it() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory).await;
    let first = create(&target, "reports").await.unwrap();
    let error = create(&target, "reports").await.unwrap_err().to_string();
    assert!(error.contains("clients rotate reports"), "{error}");
    assert_eq!(verdict(&target, &first).await, Ok(()));
    target.close().await;
}

#[tokio::test]
async fn a_rotation_keeps_the_old_secret_for_its_overlap() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory).await;
    let first = create(&target, "reports").await.unwrap();
    let second = rotate(&target, 24, false).await.unwrap();
    assert!(second["previous_ends_at"].is_string(), "{second}");
    for output in [&first, &second] {
        assert_eq!(verdict(&target, output).await, Ok(()));
    }
    let third = rotate(&target, 0, false).await.unwrap();
    assert_eq!(third["previous_ends_at"], Value::Null);
    assert_eq!(verdict(&target, &third).await, Ok(()));
    let replaced = verdict(&target, &second).await;
    assert_eq!(replaced, Err(ClientRefusal::ReplacedSecret));
    assert_eq!(
        verdict(&target, &first).await,
        Err(ClientRefusal::WrongSecret)
    );
    target.close().await;
}

#[tokio::test]
async fn a_confirmed_second_rotation_ends_the_oldest_secret() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory).await;
    let first = create(&target, "reports").await.unwrap();
    let second = rotate(&target, 24, true).await.unwrap();
    rotate(&target, 24, true).await.unwrap();
    assert_eq!(
        verdict(&target, &first).await,
        Err(ClientRefusal::WrongSecret)
    );
    assert_eq!(verdict(&target, &second).await, Ok(()));
    target.close().await;
}

#[test]
fn an_overlap_is_a_duration_with_a_unit_or_0() {
    for (text, seconds) in [
        ("0", 0),
        ("0s", 0),
        ("90s", 90),
        ("30m", 1800),
        ("24h", 86_400),
        ("7d", 604_800),
        ("30d", 2_592_000),
    ] {
        assert_eq!(overlap(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    for text in ["", "24", "-1h", "1x", "h", "999999999999999999999d"] {
        let error = overlap(text).unwrap_err();
        assert!(error.starts_with("expected a duration"), "{text}: {error}");
    }
    assert_eq!(overlap("31d").unwrap_err(), "must be at most 30 days");
}
