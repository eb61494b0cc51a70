//! Many requests of two users at once in one process: they never mix.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::events::{Http, authorization, present};
use crate::functions::Function;
use crate::page::block_on;
use crate::people::{Beginning, Login};
use crate::world::World;

/// Requests of each user that run at the same time.
const AT_ONCE: usize = 50;
/// Rounds of such requests.
const ROUNDS: usize = 10;

/// The calls are delayed at random and some fail: then the response may be a failure, but it
/// is never another user's.
#[test]
fn requests_of_two_users_in_one_process_never_mix() {
    block_on(async {
        let beginning = Beginning::make().await;
        let mut world = World::begin(&beginning);
        for function in [Function::Authorizer, Function::Account, Function::Refresh] {
            world.start(function).await;
        }
        let people = &beginning.people;
        let (mut succeeded, mut failed) = (0, 0);
        for round in 0..ROUNDS {
            world.injection.disturb(round as u64);
            let both = [("ada", &people.own), ("root", &people.root)];
            let requests = (0..AT_ONCE).flat_map(|_| both);
            let world = &world;
            let replies = join_all(requests.map(async |(name, login)| {
                let verdict = authorization(&login.access);
                let verdict = world.send_within(Function::Authorizer, &verdict, None);
                let profile = of(login, "GET /me", Value::Null);
                let profile = world.send_within(Function::Account, &profile, None);
                let refreshed = present(&login.refresh);
                let refreshed = world.send_within(Function::Refresh, &refreshed, None);
                let (verdict, profile, refreshed) = tokio::join!(verdict, profile, refreshed);
                (name, login, verdict.0, profile.0, refreshed.0)
            }))
            .await;
            for (name, login, verdict, profile, refreshed) in replies {
                let sub = &login.principal["sub"];
                let mut seen = |is_success: bool| {
                    if is_success {
                        succeeded += 1;
                    } else {
                        failed += 1;
                    }
                    is_success
                };
                if seen(verdict.outcome == "allow") {
                    assert_eq!(verdict.body, login.principal);
                }
                if seen(profile.outcome == "200") {
                    assert_eq!(
                        (&profile.body["id"], &profile.body["username"]),
                        (sub, &json!(name.to_uppercase()))
                    );
                }
                if seen(refreshed.outcome == "200") {
                    let token = refreshed.text("access_token");
                    assert_eq!(claims(&token)["sub"], *sub);
                    assert_eq!(claims(&token)["sid"], login.principal["sid"]);
                }
            }
        }
        assert!(succeeded > failed && failed > 0, "{succeeded}, {failed}");
        assert_eq!(succeeded + failed, ROUNDS * AT_ONCE * 6);
    });
}

/// A request of a user's client.
fn of(login: &Login, route: &str, body: Value) -> String {
    Http {
        route,
        body,
        principal: Some(&login.principal),
        ..Http::default()
    }
    .event()
}

/// Reads the claims of an access token.
fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
    serde_json::from_slice(&decoded.unwrap()).unwrap()
}
