//! Cold starts while AWS does not respond.

use std::time::Duration;

use tokio::time::Instant;

use crate::fault::Fault;
use crate::functions::Function;
use crate::page::block_on;
use crate::world::World;

/// All functions: any of them may start during an outage.
const FUNCTIONS: [Function; 12] = [
    Function::Account,
    Function::Admin,
    Function::Authorizer,
    Function::Email,
    Function::Introspect,
    Function::Jwks,
    Function::Login,
    Function::Logout,
    Function::Protected,
    Function::Refresh,
    Function::Register,
    Function::RotateKeys,
];
/// The limit of all warm-ups together, and a moment to give up. The hash that follows takes
/// no time on the paused clock.
const LIMIT: Duration = Duration::from_millis(2_200);

#[test]
fn no_function_waits_longer_than_two_seconds_for_a_store_while_it_starts() {
    let with_and_without = FUNCTIONS.map(|function| [(function, true), (function, false)]);
    for (function, has_mail) in with_and_without.into_iter().flatten() {
        let took = block_on(async {
            let mut world = World::empty().with_mail(has_mail);
            world.injection.break_all(Fault::Slow(15));
            let began = Instant::now();
            world.start(function).await;
            began.elapsed()
        });
        assert!(took <= LIMIT, "{function:?} took {took:?}");
    }
}
