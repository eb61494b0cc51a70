//! How long API Gateway's cache of the authorizer's responses delays each kind of revocation:
//! no longer than `AuthorizerCacheSeconds`. `docs/caching.md` says so.

use std::time::{Duration, Instant};

use anyhow::Context;
use gatehouse_tests::binaries::root;
use gatehouse_tests::service::parameters;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::json;

use crate::scale::cells;

const CACHE: Duration = Duration::from_secs(6);
/// Every way to end an access token before it expires.
const REVOCATIONS: [&str; 9] = [
    "logout",
    "logout everywhere",
    "end of a session from another one",
    "revoked access token",
    "replayed refresh token",
    "new password",
    "other roles",
    "disabled account",
    "deleted account",
];

#[tokio::test]
async fn no_revocation_is_delayed_for_longer_than_the_cache() -> anyhow::Result<()> {
    let seconds = CACHE.as_secs().to_string();
    let service = Service::shared_with(&[("AuthorizerCacheSeconds", &seconds)]).await?;
    let admin = service.administrator("grace").await?;
    let mut owners = Vec::new();
    for kind in REVOCATIONS {
        let here = service.logged_in("owner").await?;
        let elsewhere = here.logs_in_again(&service).await?;
        owners.push((kind, here, elsewhere));
    }
    let mut delayed = 0;
    for (kind, here, elsewhere) in &owners {
        let cached = Instant::now();
        here.is_let_in(&service).await?;
        revoke(&service, &admin, kind, here, elsewhere).await?;
        let again = here.get(&service, "/protected").await?;
        // A busy machine may have taken longer than the cache.
        if cached.elapsed() < CACHE {
            delayed += usize::from(again.status == 200);
        }
    }
    let last = Instant::now();
    // Without the cache, this test would show nothing.
    assert!(delayed > 0, "nothing was cached");
    tokio::time::sleep_until((last + CACHE).into()).await;
    for (kind, here, _) in &owners {
        let refused = here.get(&service, "/protected").await?;
        assert_eq!(refused.status, 403, "{kind}: {refused}");
    }
    Ok(())
}

/// Ends the access token of `here`.
async fn revoke(
    service: &Service,
    admin: &Person,
    kind: &str,
    here: &Person,
    elsewhere: &Person,
) -> anyhow::Result<()> {
    let user = format!("/admin/users/{}", here.id);
    let change = async |body| admin.call(service, Method::PATCH, &user, &body).await;
    let succeeds = |response: Response| {
        let succeeded = response.status < 300;
        assert!(succeeded, "{kind}: {response}");
    };
    match kind {
        "logout" => here.logs_out(service, "local").await?,
        "logout everywhere" => elsewhere.logs_out(service, "global").await?,
        "end of a session from another one" => {
            let path = format!("/sessions/{}", here.session());
            let delete = Method::DELETE;
            let ended = elsewhere.call(service, delete, &path, &json!({})).await?;
            succeeds(ended);
        }
        "revoked access token" => {
            let form = [("token", here.access_token.as_str())];
            succeeds(service.post_form("/revoke", &form).await?);
        }
        "replayed refresh token" => {
            let second = here.refreshes(service).await?;
            second.refreshes(service).await?;
            here.cannot_refresh(service).await?;
        }
        "new password" => {
            let new = "another long and winding passphrase";
            let body = json!({ "current_password": here.password, "new_password": new });
            let changed = elsewhere.call(service, Method::PUT, "/me/password", &body);
            succeeds(changed.await?);
        }
        "other roles" => succeeds(change(json!({ "roles": ["admin"] })).await?),
        "disabled account" => succeeds(change(json!({ "status": "disabled" })).await?),
        "deleted account" => {
            let delete = Method::DELETE;
            succeeds(admin.call(service, delete, &user, &json!({})).await?);
        }
        other => anyhow::bail!("{other} is not tested"),
    }
    Ok(())
}

/// Each invocation reads the revocations in one call.
#[tokio::test]
async fn the_cache_saves_every_invocation_but_the_first() -> anyhow::Result<()> {
    for (seconds, invocations) in [("600", 1), ("0", 10)] {
        let settings = parameters(&[("AuthorizerCacheSeconds", seconds)]);
        let start = Service::start_behind_a_proxy(|options| options.parameters = settings);
        let (service, proxy) = start.await?;
        let ada = service.logged_in("ada").await?;
        // The first request also reads the keys.
        ada.is_let_in(&service).await?;
        let fresh = ada.refreshes(&service).await?;
        let _earlier = proxy.take_costs();
        for _ in 0..10 {
            fresh.is_let_in(&service).await?;
        }
        let mut costs = proxy.take_costs();
        costs.retain(|cost| !cost.is_of_keys);
        assert_eq!(costs.len(), invocations, "{seconds} s");
    }
    Ok(())
}

#[test]
fn the_pages_figures_follow_from_the_price_of_an_invocation() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/caching.md"))?;
    let costs = std::fs::read_to_string(root().join("docs/costs.md"))?;
    let price = cells(
        &costs,
        "authorised calls (authorizer only)",
        "| one million",
    )?;
    let price = price.last().context("no sum")?.trim_start_matches('$');
    let price: f64 = price.parse()?;
    for life in [1, ACCESS_TOKEN_SECONDS] {
        let (_, after) = page.split_once("## What it saves").context("no section")?;
        let tables: Vec<&str> = after.split("| --- | --- | --- | --- | --- |\n").collect();
        let table = tables
            .get(if life == 1 { 1 } else { 2 })
            .context("no table")?;
        for seconds in [0, 1, 10, 60] {
            let cells = [1, 3, 10, 100].map(|calls| {
                let invoked = invocations(seconds, calls, life);
                let cost = price * f64::from(invoked) / f64::from(calls);
                let cost = format!("{cost:.3}");
                let cost = cost.strip_suffix('0').unwrap_or(&cost);
                format!("{invoked}, ${cost}")
            });
            let row = format!("| {seconds} | {} |", cells.join(" | "));
            assert!(table.contains(&row), "docs/caching.md lacks\n{row}");
        }
    }
    Ok(())
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
