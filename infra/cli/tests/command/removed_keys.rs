//! `gatehouse keys revoke`, while people log in and refresh.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_tests::{Person, Response, Service};
use serde_json::Value;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_key_signs_nothing_ten_seconds_after_the_command() -> anyhow::Result<()> {
    let load = Load::with_removal(false).await?;
    load.before.refreshes(&load.service).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_refresh_keys_are_accepted_nowhere_ten_seconds_after_the_command()
-> anyhow::Result<()> {
    let load = Load::with_removal(true).await?;
    load.before.cannot_refresh(&load.service).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_from_before_the_removal_is_a_503_that_says_when_to_retry() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let ada = service.logged_in("ada").await?;
    let old = service.key_ring().await?;
    let bad = service.signing_kid().await?;
    let revoke = ["keys", "revoke", &bad, "--yes"];
    let done = block_in_place(|| project.run(&revoke))?;
    ensure!(done.succeeded(), "{done:?}");
    std::fs::write(service.stack().key_ring_path(), old)?;
    sleep(LOOK).await;

    let login = service.log_in(&ada.username, &ada.password).await?;
    login.assert_problem(503, "unavailable");
    let refresh = service.refresh(&ada.refresh_token).await?;
    refresh.assert_oauth_error(503, "temporarily_unavailable");
    for response in [login, refresh] {
        ensure!(response.header("retry-after") == "1", "{response:?}");
    }
    let rotation = block_in_place(|| project.run(&["keys", "rotate"]))?;
    let advice = "repeat `keys revoke` for each removed key";
    ensure!(
        !rotation.succeeded() && rotation.err.contains(advice),
        "{rotation:?}"
    );

    let done = block_in_place(|| project.run(&revoke))?;
    ensure!(done.succeeded(), "{done:?}");
    let ada = ada.logs_in_again(&service).await?;
    ada.is_let_in(&service).await
}

/// A service under load, after a removal.
struct Load {
    service: Arc<Service>,
    /// Someone who logged in before the removal.
    before: Person,
}

/// A token of the service: when its request began, and which key signed it.
struct Signed {
    asked_at: Instant,
    kid: String,
}

impl Load {
    /// Removes the signing key while three people log in and refresh, and checks every
    /// token that was signed after the limit.
    async fn with_removal(refresh: bool) -> anyhow::Result<Self> {
        let service = Arc::new(Service::start().await?);
        let project = Project::of(&service)?;
        let before = service.logged_in("before").await?;
        let bad = service.signing_kid().await?;
        let over = Arc::new(AtomicBool::new(false));
        let people = (0..3).map(|_| {
            let (service, over) = (Arc::clone(&service), Arc::clone(&over));
            tokio::spawn(async move { live(&service, &over).await })
        });
        let people: Vec<_> = people.collect();
        sleep(WARM_UP).await;

        let mut words = vec!["keys", "revoke", &bad, "--yes"];
        words.extend(refresh.then_some("--refresh"));
        let done = block_in_place(|| project.run(&words))?;
        let removed_at = Instant::now();
        ensure!(done.succeeded(), "{done:?}");
        sleep(LIMIT + WATCHED).await;
        over.store(true, Ordering::Relaxed);

        let (mut old, mut late) = (0, 0);
        for person in people {
            for signed in person.await?? {
                let is_late = signed.asked_at >= removed_at + LIMIT;
                ensure!(!is_late || signed.kid != bad, "signed with the removed key");
                late += u32::from(is_late);
                old += u32::from(signed.kid == bad);
            }
        }
        ensure!(old > 3 && late > 10, "no load: {old} old keys, {late} late");
        // The verifiers have forgotten the key too.
        before.is_shut_out(&service).await?;
        Ok(Self { service, before })
    }
}

/// Logs in and refreshes, again and again, and returns every token.
async fn live(service: &Service, over: &AtomicBool) -> anyhow::Result<Vec<Signed>> {
    let mut ada = service.registered("ada").await?;
    let mut signed = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let asked_at = Instant::now();
        let response = service.log_in(&ada.username, &ada.password).await?;
        if !issued(&response, false)? {
            continue;
        }
        ada = ada.with_tokens(&response);
        signed.push(Signed::of(&ada, asked_at)?);
        for _ in 0..3 {
            sleep(PAUSE).await;
            let asked_at = Instant::now();
            let response = service.refresh(&ada.refresh_token).await?;
            // Other processes may have a ring without this token's key already.
            if !issued(&response, true)? {
                break;
            }
            ada = ada.with_tokens(&response);
            signed.push(Signed::of(&ada, asked_at)?);
        }
    }
    // The last token is signed by a key that verifiers know.
    ada.logs_in_again(service).await?.is_let_in(service).await?;
    Ok(signed)
}

/// True if the response has tokens, and false if it refuses them in a way that a removal
/// explains.
fn issued(response: &Response, is_refresh: bool) -> anyhow::Result<bool> {
    match response.status {
        200 => Ok(true),
        503 => Ok(false),
        400 if is_refresh => Ok(false),
        _ => bail!("{response:?}"),
    }
}

impl Signed {
    fn of(person: &Person, asked_at: Instant) -> anyhow::Result<Self> {
        let header = person.access_token.split('.').next().unwrap_or_default();
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
        let kid = header.get("kid").and_then(Value::as_str);
        let kid = kid.unwrap_or_default().to_owned();
        Ok(Self { asked_at, kid })
    }
}

/// From the end of the command to the last signature of the removed key.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a signer may go without a look at the floor.
const LOOK: Duration = Duration::from_secs(5);
/// How long signers and verifiers run before the removal.
const WARM_UP: Duration = Duration::from_secs(2);
/// How long they run after the limit.
const WATCHED: Duration = Duration::from_secs(4);
/// Between two refreshes: a login is not for load, and they share two cores.
const PAUSE: Duration = Duration::from_millis(100);
