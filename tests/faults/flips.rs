//! Every bit of real tokens flipped, at the authorizer.

use std::time::Instant;

use gatehouse_tests::long_run::{report, time};
use serde_json::json;

use crate::events::authorization;
use crate::functions::Function;
use crate::page::{block_on, in_parallel};
use crate::people::{Beginning, log_in};
use crate::world::World;

#[test]
fn the_authorizer_denies_two_tokens_with_any_bit_flipped() {
    let beginning = block_on(Beginning::make());
    let people = &beginning.people;
    let tokens = [people.own.access.clone(), people.root.access.clone()];
    let flips = flip_all(&beginning, &tokens);
    assert!(flips > 6_000, "only {flips} flips");
}

/// Goes on with new tokens of new keys as long as there is time.
#[test]
#[ignore = "takes minutes: cargo long tokens"]
fn the_authorizer_denies_twenty_tokens_with_any_bit_flipped() {
    let (began, time) = (Instant::now(), time().unwrap_or_default());
    loop {
        let beginning = block_on(Beginning::make());
        let tokens = block_on(tokens(&beginning));
        let flips = flip_all(&beginning, &tokens);
        report(&json!({"flips": flips}));
        assert!(flips > 60_000, "only {flips} flips");
        if began.elapsed() >= time {
            break;
        }
    }
}

/// Logs in until there are twenty tokens.
async fn tokens(beginning: &Beginning) -> Vec<String> {
    let mut world = World::begin(beginning);
    let mut tokens = Vec::new();
    for name in ["ada", "root", "rita"].into_iter().cycle().take(20) {
        tokens.push(log_in(&mut world, name).await.access);
    }
    tokens
}

/// Flips each bit of each token, and returns how many that were.
fn flip_all(beginning: &Beginning, tokens: &[String]) -> usize {
    let flipped = in_parallel(tokens, |token| block_on(flip(beginning, token)));
    flipped.iter().sum()
}

async fn flip(beginning: &Beginning, token: &str) -> usize {
    let mut world = World::begin(beginning);
    world.stop_clock();
    assert_eq!(outcome(&mut world, token).await, "allow");
    let bits = token.len() * 8;
    for bit in 0..bits {
        let mut bytes = token.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // API Gateway reads a byte that is not ASCII as Latin-1.
        let flipped: String = bytes.into_iter().map(char::from).collect();
        let outcome = outcome(&mut world, &flipped).await;
        assert_eq!(outcome, "deny", "bit {bit}");
    }
    assert_eq!(outcome(&mut world, token).await, "allow");
    bits
}

async fn outcome(world: &mut World, token: &str) -> String {
    let event = authorization(token);
    world.send(Function::Authorizer, &event).await.outcome
}
