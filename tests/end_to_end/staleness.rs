//! How long API Gateway's cache of the authorizer's responses delays each kind of revocation:
//! no longer than `AuthorizerCacheSeconds`. `docs/caching.md` says so.

use std::time::{Duration, Instant};

use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::json;

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
