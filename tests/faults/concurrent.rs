//! Clients of one session at once, with random delays and faults: what they see must have an
//! order.

use std::cell::RefCell;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_tests::random::Random;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::endless::{Counts, try_seeds};
use crate::events::{authorization, log_out, present};
use crate::functions::{Function, Reply};
use crate::history::{Entry, Event, is_linearizable};
use crate::operation::change_roles;
use crate::page::{block_on, in_parallel};
use crate::people::{Beginning, Login};
use crate::world::World;

/// Histories of the test; the long run has more.
const SEEDS: u64 = 200;
/// Refreshes of a client that goes on with the successor.
const REFRESHES: usize = 3;
/// Checks of access tokens by a client.
const CHECKS: usize = 4;

#[test]
fn what_concurrent_clients_of_a_session_see_has_an_order() {
    let beginning = block_on(Beginning::make());
    let seeds: Vec<u64> = (0..SEEDS).collect();
    let histories = in_parallel(&seeds, |&seed| block_on(try_seed(&beginning, seed)));
    // A history in which nothing happens has an order as well.
    let events: Vec<Event> = histories
        .iter()
        .flatten()
        .map(|entry| entry.event)
        .collect();
    for event in [
        Event::Refresh(0, Some(true)),
        Event::Refuse,
        Event::Authorise(0, Some(true)),
        Event::Authorise(0, Some(false)),
    ] {
        assert!(events.contains(&event), "{event:?}");
    }
    assert!(events.iter().any(|event| event.is_open()));
}

#[test]
#[ignore = "goes on for as long as it may: `cargo long histories`"]
fn what_concurrent_clients_see_has_an_order_in_many_histories() {
    let beginning = block_on(Beginning::make());
    try_seeds(|seed| {
        let history = block_on(try_seed(&beginning, seed));
        Counts::from([("histories", 1), ("events", history.len() as u64)])
    });
}

/// Records a history, checks it, and returns it.
async fn try_seed(beginning: &Beginning, seed: u64) -> Vec<Entry> {
    let recorder = Recorder::start(beginning).await;
    recorder.world.injection.disturb(seed);
    tokio::join!(
        recorder.refreshes(seed, REFRESHES),
        // A second tab, or a thief, with the same token.
        recorder.refreshes(seed + 1, 1),
        recorder.authorises(seed + 2),
        recorder.changes_roles(seed + 3),
        recorder.logs_out(seed + 4),
    );
    let history = recorder.history.into_inner();
    assert!(is_linearizable(&history), "seed {seed}: {history:#?}");
    history
}

/// The clients, and what they saw.
struct Recorder {
    world: World,
    own: Login,
    root: Value,
    /// The changes of roles before the history.
    version: u64,
    /// The newest access token of the session.
    newest: RefCell<String>,
    history: RefCell<Vec<Entry>>,
}

impl Recorder {
    async fn start(beginning: &Beginning) -> Self {
        let mut world = World::begin(beginning);
        for function in [
            Function::Refresh,
            Function::Authorizer,
            Function::Logout,
            Function::Admin,
        ] {
            world.start(function).await;
        }
        let people = &beginning.people;
        Self {
            world,
            version: version(&people.own.access),
            newest: RefCell::new(people.own.access.clone()),
            own: people.own.clone(),
            root: people.root.principal.clone(),
            history: RefCell::default(),
        }
    }

    async fn refreshes(&self, seed: u64, times: usize) {
        let mut random = Random::new(seed);
        let mut token = self.own.refresh.clone();
        let mut generation = 0;
        for _ in 0..times {
            sleep(pause(&mut random)).await;
            let began = Instant::now();
            let reply = self.send(Function::Refresh, &present(&token)).await;
            let outcome = outcome(&reply, "200", "400");
            self.record(
                Event::Refresh(generation, outcome.filter(|done| *done)),
                began,
            );
            if outcome == Some(false) {
                self.record(Event::Refuse, began);
            }
            if outcome == Some(true) {
                let access = reply.text("access_token");
                self.record(Event::Issue(version(&access) - self.version), began);
                *self.newest.borrow_mut() = access;
                token = reply.text("refresh_token");
                generation += 1;
            }
        }
    }

    async fn authorises(&self, seed: u64) {
        let mut random = Random::new(seed);
        for _ in 0..CHECKS {
            sleep(pause(&mut random)).await;
            let token = if random.below(2) == 0 {
                self.own.access.clone()
            } else {
                self.newest.borrow().clone()
            };
            let known = version(&token) - self.version;
            let began = Instant::now();
            let reply = self
                .send(Function::Authorizer, &authorization(&token))
                .await;
            let outcome = outcome(&reply, "allow", "deny");
            self.record(Event::Authorise(known, outcome), began);
        }
    }

    async fn changes_roles(&self, seed: u64) {
        let mut random = Random::new(seed);
        for (is_admin, roles) in [(true, json!(["admin", "user"])), (false, json!(["user"]))] {
            sleep(pause(&mut random)).await;
            let began = Instant::now();
            let event = change_roles(&self.root, &roles);
            let reply = self.send(Function::Admin, &event).await;
            let outcome = outcome(&reply, "200", "");
            self.record(Event::ChangeRoles(is_admin, outcome), began);
        }
    }

    async fn logs_out(&self, seed: u64) {
        let mut random = Random::new(seed);
        sleep(pause(&mut random) * 2).await;
        let began = Instant::now();
        let reply = self
            .send(Function::Logout, &log_out(&self.own.principal, "local"))
            .await;
        let outcome = outcome(&reply, "204", "");
        self.record(Event::LogOut(outcome), began);
    }

    async fn send(&self, function: Function, event: &str) -> Reply {
        self.world.send_within(function, event, None).await.0
    }

    fn record(&self, event: Event, began: Instant) {
        let ended = Instant::now();
        self.history.borrow_mut().push(Entry {
            event,
            began,
            ended,
        });
    }
}

/// Returns whether it succeeded; `None` if nobody knows.
fn outcome(reply: &Reply, success: &str, refusal: &str) -> Option<bool> {
    match reply.outcome.as_str() {
        outcome if outcome == success => Some(true),
        outcome if outcome == refusal => Some(false),
        outcome => {
            assert!(reply.is_failure(), "{outcome}: {}", reply.body);
            None
        }
    }
}

/// Returns the version of the user that an access token has seen.
fn version(token: &str) -> u64 {
    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["ver"].as_u64().unwrap()
}

/// Returns a pause between two requests.
fn pause(random: &mut Random) -> Duration {
    Duration::from_millis(random.below(400))
}
