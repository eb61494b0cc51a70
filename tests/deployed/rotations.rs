//! Rotations of the keys while people log in, refresh and call.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_tests::Service;
use gatehouse_tests::settings::setting;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// What one client did, and the keys that signed its tokens.
#[derive(Debug, Default)]
struct Load {
    kids: BTreeSet<String>,
    accepted: u32,
    refreshed: u32,
    logins: u32,
}

#[expect(clippy::print_stdout, reason = "the figures are the test's report")]
#[tokio::test(flavor = "multi_thread")]
async fn rotations_under_load_refuse_nobody() -> anyhow::Result<()> {
    let short = [("KeyCacheSeconds", "2"), ("MinPendingSeconds", "12")];
    let service = Arc::new(Service::shared_with(&short).await?);
    let over = Arc::new(AtomicBool::new(false));
    let people = (0..3).map(|_| {
        let (service, over) = (Arc::clone(&service), Arc::clone(&over));
        tokio::spawn(async move { live(&service, &over).await })
    });
    let people: Vec<_> = people.collect();

    let rotations = setting("ROTATIONS").map_or(Ok(ROTATIONS), |number| number.parse())?;
    for _ in 0..rotations {
        // The pending key may not sign until 12 seconds after it was published.
        let began = Instant::now();
        let before = service.signing_kid().await?;
        while service.signing_kid().await? == before {
            service.rotate_keys().await?;
            ensure!(began.elapsed() < PATIENCE, "the keys do not rotate");
            sleep(Duration::from_secs(1)).await;
        }
    }
    over.store(true, Ordering::Relaxed);

    let mut all = Load::default();
    for person in people {
        let load = person.await??;
        all.kids.extend(load.kids);
        all.accepted += load.accepted;
        all.refreshed += load.refreshed;
        all.logins += load.logins;
    }
    println!(
        "{rotations} rotations: {} calls, {} refreshes and {} logins, none refused, with {} keys",
        all.accepted,
        all.refreshed,
        all.logins,
        all.kids.len()
    );
    // Otherwise the load did not notice the rotations.
    let kids = u32::try_from(all.kids.len())?;
    assert!(kids >= rotations.max(3) - 1, "only {:?}", all.kids);
    let is_busy = [(all.accepted, 10), (all.refreshed, 3), (all.logins, 1)];
    let is_busy = is_busy
        .iter()
        .all(|(done, least)| *done > least * rotations);
    assert!(is_busy, "{all:?}");
    Ok(())
}

/// Logs in, calls, refreshes and calls, again and again; the first refusal is an error.
async fn live(service: &Service, over: &AtomicBool) -> anyhow::Result<Load> {
    let mut ada = service.registered("ada").await?;
    let mut load = Load::default();
    while !over.load(Ordering::Relaxed) {
        ada.log_in(service).await?;
        load.logins += 1;
        for _ in 0..3 {
            for _ in 0..3 {
                ada.is_let_in(service).await?;
                load.accepted += 1;
                load.kids.insert(kid(&ada.access_token)?);
            }
            ada = ada.refreshes(service).await?;
            load.refreshed += 1;
        }
    }
    Ok(load)
}

fn kid(token: &str) -> anyhow::Result<String> {
    let header = token.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    Ok(header["kid"].to_string())
}

/// `ROTATIONS` sets another number, of two or more.
const ROTATIONS: u32 = 10;
/// A rotation takes a little more than 12 seconds.
const PATIENCE: Duration = Duration::from_mins(1);
