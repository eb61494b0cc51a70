//! Ten rotations of the keys while people log in, refresh and call.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_tests::{Person, Service};
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// What one person has seen.
#[derive(Debug, Default)]
struct Seen {
    kids: BTreeSet<String>,
    accepted: u32,
    refreshed: u32,
    logins: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_rotations_under_load_refuse_nobody() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        for (name, value) in [("KeyCacheSeconds", "2"), ("MinPendingSeconds", "12")] {
            options.parameters.insert(name.into(), value.into());
        }
    })
    .await?;
    let service = Arc::new(service);
    let over = Arc::new(AtomicBool::new(false));
    let people = (0..3).map(|_| {
        let (service, over) = (Arc::clone(&service), Arc::clone(&over));
        tokio::spawn(async move { live(&service, &over).await })
    });
    let people: Vec<_> = people.collect();

    for _ in 0..ROTATIONS {
        // The pending key may sign 12 seconds after it was published, and not earlier.
        let began = Instant::now();
        let before = service.signing_kid().await?;
        while service.signing_kid().await? == before {
            service.rotate_keys().await?;
            ensure!(began.elapsed() < PATIENCE, "the keys do not rotate");
            sleep(Duration::from_secs(1)).await;
        }
    }
    over.store(true, Ordering::Relaxed);

    let mut all = Seen::default();
    for person in people {
        let seen = person.await??;
        all.kids.extend(seen.kids);
        all.accepted += seen.accepted;
        all.refreshed += seen.refreshed;
        all.logins += seen.logins;
    }
    println!(
        "{ROTATIONS} rotations: {} calls, {} refreshes and {} logins, none refused, with {} keys",
        all.accepted,
        all.refreshed,
        all.logins,
        all.kids.len()
    );
    // Without them the rotations would not have been noticed at all.
    assert!(all.kids.len() >= 9, "only {:?}", all.kids);
    assert!(
        all.accepted > 100 && all.refreshed > 30 && all.logins > 10,
        "{all:?}"
    );
    Ok(())
}

/// Logs in, calls, refreshes, calls, again and again; any answer but 200 is an error.
async fn live(service: &Service, over: &AtomicBool) -> anyhow::Result<Seen> {
    let mut person = Person::register(service).await?;
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        person.log_in(service).await?;
        seen.logins += 1;
        for _ in 0..3 {
            for _ in 0..3 {
                let answer = service.get_as(&person.access_token, "/protected").await?;
                ensure!(answer.status == 200, "a call: {answer:?}");
                seen.accepted += 1;
                seen.kids.insert(kid(&person.access_token)?);
            }
            let answer = service.refresh(&person.refresh_token).await?;
            ensure!(answer.status == 200, "a refresh: {answer:?}");
            seen.refreshed += 1;
            person.access_token = answer.member("access_token");
            person.refresh_token = answer.member("refresh_token");
        }
    }
    Ok(seen)
}

fn kid(token: &str) -> anyhow::Result<String> {
    let header = token.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    Ok(header["kid"].to_string())
}

const ROTATIONS: u32 = 10;
/// A rotation takes 12 seconds and a little.
const PATIENCE: Duration = Duration::from_mins(1);
