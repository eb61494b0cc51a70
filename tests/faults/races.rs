//! Many callers at once with one refresh token, or with one name: one successor, one account.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::user::User;
use gatehouse_store::{RegisterError, Users};
use gatehouse_testing::user;

use crate::endless::{Counts, try_seeds};
use crate::events::present;
use crate::functions::Function;
use crate::page::block_on;
use crate::people::Beginning;
use crate::world::World;

/// Clients that refresh with one token at the same time, and rounds of them, each with the
/// successor of the previous one.
const CALLERS: usize = 64;
const ROUNDS: u64 = 100;
const CALLERS_OF_LONG_RUN: usize = 256;
/// Rounds with one seed in the long run.
const ROUNDS_PER_SEED: u64 = 20;
/// Contenders for one name in the long run, and names per seed.
const CONTENDERS: u16 = 1_000;
const NAMES_PER_SEED: u16 = 4;

#[test]
fn sixty_four_refreshes_at_once_have_one_successor_in_each_of_a_hundred_rounds() {
    block_on(async {
        let beginning = Beginning::make().await;
        race(&beginning, 0, CALLERS, ROUNDS).await;
    });
}

#[test]
#[ignore = "goes on for as long as it may: `cargo long races`"]
fn refreshes_of_256_callers_at_once_have_one_successor_in_every_round() {
    let beginning = block_on(Beginning::make());
    try_seeds(|seed| block_on(race(&beginning, seed, CALLERS_OF_LONG_RUN, ROUNDS_PER_SEED)));
}

#[test]
#[ignore = "goes on for as long as it may: `cargo long registrations`"]
fn a_thousand_registrations_of_one_name_at_once_create_one_account_in_every_round() {
    try_seeds(|seed| block_on(contend(seed)));
}

/// Refreshes with one token from many callers, while calls are delayed at random and some fail.
/// Whoever got no response repeats the request.
async fn race(beginning: &Beginning, seed: u64, callers: usize, rounds: u64) -> Counts {
    let mut world = World::begin(beginning);
    world.start(Function::Refresh).await;
    let mut token = beginning.people.own.refresh.clone();
    let (mut calls, mut failures) = (0, 0);
    for round in 0..rounds {
        world.injection.plan(&[]);
        world.injection.disturb(seed.wrapping_add(round));
        let event = present(&token);
        let refresh = || world.send_within(Function::Refresh, &event, None);
        let mut replies = join_all((0..callers).map(|_| refresh())).await;
        // Later than all of them, as the one whose response was lost.
        for _ in 0..REPETITIONS {
            replies.push(refresh().await);
        }
        let mut successors = BTreeSet::new();
        for (reply, _) in &replies {
            calls += 1;
            // A refusal would mean that an honest client was taken for a thief.
            assert!(
                ["200", "503"].contains(&&*reply.outcome),
                "round {round}: {reply:?}"
            );
            if reply.outcome == "200" {
                successors.insert(reply.text("refresh_token"));
            } else {
                failures += 1;
            }
        }
        assert_eq!(successors.len(), 1, "round {round}");
        let successor = successors.pop_first().unwrap();
        assert_ne!(successor, token, "round {round}");
        token = successor;
    }
    assert!(failures > 0, "nothing was disturbed");
    // The session has survived all of it.
    let survived = world.send(Function::Refresh, &present(&token)).await;
    assert_ne!(survived.outcome, "400", "{survived:?}");
    Counts::from([
        ("refresh_calls", calls),
        ("rounds", rounds),
        ("failed_calls", failures),
    ])
}

/// How often the token is presented again after a round.
const REPETITIONS: usize = 2;

/// Registers one name for many contenders, each with its own other name. By username and by
/// address in turn.
async fn contend(seed: u64) -> Counts {
    let world = World::empty();
    let users = Users::new(world.client(), world.tables.name("UsersTable").to_owned());
    let mut failures = 0;
    for round in 0..NAMES_PER_SEED {
        world.injection.plan(&[]);
        world.injection.disturb(seed.wrapping_add(round.into()));
        let contenders = (0..CONTENDERS).map(|number| contender(round, number));
        let contenders: Vec<User> = contenders.collect();
        let ends = join_all(contenders.iter().map(|one| users.register(one))).await;
        let mut winners = Vec::new();
        for (contender, end) in contenders.iter().zip(ends) {
            match end {
                Ok(()) => winners.push(&contender.sub),
                Err(RegisterError::UsernameTaken | RegisterError::EmailTaken) => {}
                Err(RegisterError::Store(error)) => {
                    assert!(error.is_transient(), "round {round}: {error}");
                    failures += 1;
                }
            }
        }
        assert!(winners.len() <= 1, "round {round}: {winners:?}");
        world.settle().await;
        let contents = world.tables.contents();
        let items = &contents["UsersTable"];
        // A user, a username and an address each: the losers have left nothing behind.
        let expected = usize::from(round + 1) * 3;
        assert_eq!(items.len(), expected, "round {round}");
        for winner in winners {
            let key = format!("user#{}", winner.as_str());
            let is_theirs = items.iter().any(|item| item["pk"]["S"] == key);
            assert!(is_theirs, "round {round}");
        }
    }
    let rounds = u64::from(NAMES_PER_SEED);
    Counts::from([
        ("registrations", rounds * u64::from(CONTENDERS)),
        ("names", rounds),
        ("failed_registrations", failures),
    ])
}

fn contender(round: u16, number: u16) -> User {
    let mut sub = [0; 16];
    sub[..2].copy_from_slice(&round.to_be_bytes());
    sub[2..4].copy_from_slice(&number.to_be_bytes());
    let mut contender = User {
        sub: SubjectId::from_bytes(sub),
        ..user(&format!("ada{round}"))
    };
    let own = format!("own{round}x{number}");
    if round.is_multiple_of(2) {
        contender.email_canonical = Some(format!("{own}@example.org"));
    } else {
        contender.username_canonical = own;
    }
    contender
}
