//! The notice of a login from a network that the account is not known from.

use std::time::{Duration, Instant};

use gatehouse_testing::{Fault, at_call};

use crate::world::{HOME, PASSWORD, World};

/// A network that nobody has logged in from.
const ELSEWHERE: &str = "198.51.100.7";
const HOURS: i64 = 3600;
/// The name of the table on the local stack.
const OUTBOX: &str = "gatehouse-local-outbox";

async fn with_notices(notices: &'static str) -> World {
    let settings = [("OUTBOX_TABLE", OUTBOX), ("MAIL_NOTICES", notices)];
    let world = World::start_with(&settings).await;
    world.add("ada", None).await;
    world.pass(2 * HOURS);
    world
}

impl World {
    async fn logs_in(&self, name: &str, address: &str) {
        let response = self.log_in(name, PASSWORD, address).await;
        assert_eq!(response.status(), 200);
    }

    async fn notices(&self) -> i32 {
        self.tables.count("OutboxTable").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_from_a_new_network_causes_a_notice_and_the_next_one_does_not() {
    let world = with_notices("new_network").await;
    world.logs_in("ada", HOME).await;
    assert_eq!(world.notices().await, 1, "no network is known yet");
    // By either name, and with the address in another spelling.
    for name in ["ada", "Ada", "ada@example.org", "ada"] {
        world.logs_in(name, HOME).await;
    }
    assert_eq!(world.notices().await, 1);
    world.pass(13 * HOURS);
    world.logs_in("ada@example.org", ELSEWHERE).await;
    assert_eq!(world.notices().await, 2);
    world.logs_in("ada", ELSEWHERE).await;
    assert_eq!(world.notices().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_wrong_password_nor_a_first_login_after_registering_causes_a_notice() {
    let world = with_notices("new_network").await;
    world.log_in("ada", "wrong", ELSEWHERE).await;
    assert_eq!(world.notices().await, 0);
    let world = World::start_with(&[("OUTBOX_TABLE", OUTBOX), ("MAIL_NOTICES", "new_network")]);
    let world = world.await;
    world.add("ada", None).await;
    world.logs_in("ada", HOME).await;
    assert_eq!(world.notices().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_a_login_writes_and_reads_what_it_does_without_mail() {
    let mut calls = Vec::new();
    for notices in [None, Some("password_changed,refresh_replayed")] {
        let world = match notices {
            None => World::start().await,
            Some(notices) => with_notices(notices).await,
        };
        if notices.is_none() {
            world.add("ada", None).await;
        }
        world.calls();
        world.logs_in("ada", HOME).await;
        world.logs_in("ada", ELSEWHERE).await;
        assert_eq!(world.notices().await, 0);
        // Calls that run side by side are recorded in any order.
        let mut made = world.calls();
        made.sort();
        calls.push(made);
    }
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_cannot_be_written_neither_refuses_nor_holds_up_a_login() {
    for fault in [Fault::Cut, Fault::Hold] {
        let world = with_notices("new_network").await;
        // The first one is the session.
        for number in 1..20 {
            let put = at_call(number).of("PutItem");
            drop(world.tables.faults().inject(put, fault.clone()));
        }
        let begun = Instant::now();
        world.logs_in("ada", ELSEWHERE).await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{fault:?}");
        assert_eq!(world.notices().await, 0);
    }
}
