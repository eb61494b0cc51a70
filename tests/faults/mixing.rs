//! Many requests at once in one process: users never mix, and one refresh token has one
//! successor.

use std::collections::BTreeSet;

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
/// Clients that refresh with one token at the same time.
const CALLERS: usize = 64;
/// Rounds of refreshes, each with the successor of the previous one.
const GENERATIONS: u64 = 100;

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

/// As above, calls are delayed at random and some fail.
#[test]
fn sixty_four_refreshes_at_once_have_one_successor_in_each_of_a_hundred_rounds() {
    block_on(async {
        let beginning = Beginning::make().await;
        let mut world = World::begin(&beginning);
        world.start(Function::Refresh).await;
        let mut token = beginning.people.own.refresh.clone();
        for round in 0..GENERATIONS {
            world.injection.disturb(round);
            let event = present(&token);
            let send = || world.send_within(Function::Refresh, &event, None);
            let replies = join_all((0..CALLERS).map(|_| send())).await;
            let mut successors = BTreeSet::new();
            for (reply, _) in &replies {
                assert!(
                    ["200", "503"].contains(&&*reply.outcome),
                    "{round}: {reply:?}"
                );
                if reply.outcome == "200" {
                    successors.insert(reply.text("refresh_token"));
                }
            }
            assert_eq!(successors.len(), 1, "{round}");
            token = successors.pop_first().unwrap();
        }
        // Nobody was taken for a thief.
        let reply = world.send(Function::Refresh, &present(&token)).await;
        assert_ne!(reply.outcome, "400", "{reply:?}");
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
