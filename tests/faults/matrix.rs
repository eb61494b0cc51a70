//! One operation with and without faults, and what must hold after each.

use std::time::Duration;

use gatehouse_testing::{Contents, broken_invariants};
use tokio::time::sleep;

use crate::events::{SCHEDULE, log_out, present};
use crate::fault::{Fault, SHORT};
use crate::functions::{Function, Reply};
use crate::injection::{CallId, Made};
use crate::mailed;
use crate::operation::{Before, DELETION, Operation, ROTATION, owned};
use crate::people::{Beginning, PASSWORD, STEPS};
use crate::state::{Lines, lines};
use crate::world::World;

/// Long enough for a key to have been published, in seconds.
const AGE_OF_KEYS: i64 = 4 * 3600;
/// Old enough for the schedule to finish a deletion, in seconds.
const AGE_OF_DELETIONS: i64 = 120;
/// How long a process waits for its first request: what failed before does not count then.
const IDLE: Duration = Duration::from_secs(30);
/// How much longer than its budget a response may take, as 6 / 5.
const TOLERANCE: (u32, u32) = (6, 5);

/// An operation, and what it does without a fault.
pub(crate) struct Baseline<'a> {
    pub(crate) operation: &'a Operation,
    beginning: Beginning,
    /// The calls that it makes.
    pub(crate) made: Vec<Made>,
    before: Lines,
    after: Lines,
    /// Whether Ada's sessions can be refreshed afterwards: hers, and the other one.
    survivors: [bool; 2],
}

/// What came of an operation with faults.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) outcome: String,
    /// What must not have happened.
    pub(crate) violations: Vec<String>,
}

impl<'a> Baseline<'a> {
    /// Runs an operation without faults.
    pub(crate) async fn record(operation: &'a Operation, beginning: &Beginning) -> Self {
        let mut baseline = Self {
            operation,
            beginning: prepare(operation, beginning).await,
            made: Vec::new(),
            before: Lines::new(),
            after: Lines::new(),
            survivors: [false; 2],
        };
        let mut world = baseline.world().await;
        baseline.before = baseline.lines(&world);
        world.injection.plan(&[]);
        let reply = baseline.send(&world, None).await.0;
        baseline.made = world.injection.clear();
        let name = operation.name;
        assert_eq!(reply.outcome, operation.clean, "{name}: {}", reply.body);
        baseline.after = baseline.lines(&world);
        baseline.survivors = baseline.surviving(&mut world, &reply).await;
        baseline
    }

    /// Returns what the tables hold before it.
    pub(crate) fn contents(&self) -> &Contents {
        &self.beginning.contents
    }

    /// Returns the calls that it makes with faults.
    pub(crate) async fn calls_with(&self, faults: &[(CallId, Fault)]) -> Vec<Made> {
        let world = self.world().await;
        world.injection.plan(faults);
        self.send(&world, None).await;
        world.injection.clear()
    }

    /// Runs it with faults. Returns `None` if one of them found nothing to break.
    pub(crate) async fn run(&self, faults: &[(CallId, Fault)]) -> Option<Case> {
        let mut world = self.world().await;
        let is_short = faults
            .iter()
            .any(|(_, fault)| *fault == Fault::DeadlineNear);
        world.injection.plan(faults);
        let (reply, elapsed) = self.send(&world, is_short.then_some(SHORT)).await;
        if !world.injection.all_struck(faults.len()) {
            return None;
        }
        world.settle().await;
        world.injection.clear();

        let mut violations = Vec::new();
        self.check_reply(&reply, faults, &mut violations);
        let budget = if is_short {
            SHORT
        } else {
            self.operation.budget()
        };
        if elapsed > budget * TOLERANCE.0 / TOLERANCE.1 {
            violations.push(format!("the response came after {elapsed:?}"));
        }
        let state = self.lines(&world);
        let done = state == self.after;
        if reply.outcome == self.operation.clean && !done {
            violations.push(format!("success, but {}", difference(&self.after, &state)));
        } else if !done && state != self.before && self.operation.halfway.is_none() {
            violations.push(format!("half done: {}", difference(&self.before, &state)));
        }
        violations.extend(broken_invariants(&world.tables.contents()));
        self.check_again(&mut world, &mut violations).await;
        let outcome = reply.outcome;
        Some(Case {
            outcome,
            violations,
        })
    }

    fn check_reply(&self, reply: &Reply, faults: &[(CallId, Fault)], violations: &mut Vec<String>) {
        let outcome = reply.outcome.as_str();
        let refusing = faults
            .iter()
            .any(|(_, fault)| *fault == Fault::ConditionFailed);
        let permanent = faults.iter().any(|(_, fault)| {
            matches!(
                fault,
                Fault::AccessDenied | Fault::TableMissing | Fault::Corrupt
            )
        });
        let allowed = outcome == self.operation.clean
            || (reply.is_failure() && (outcome != "500" || permanent))
            || (refusing && outcome.starts_with('4'));
        if !allowed {
            violations.push(format!("the outcome is {outcome}: {}", reply.body));
        }
        let expired = faults.iter().any(|(_, fault)| *fault == Fault::Expired);
        if expired && reply.is_failure() && !gatehouse_edge::is_over() {
            violations.push("the process goes on".to_owned());
        }
        let wait = reply.retry_after.as_deref();
        if outcome == "503" && !matches!(wait, Some("1" | "2")) {
            violations.push(format!("503 with Retry-After {wait:?}"));
        }
    }

    /// Repeats the request without faults, as a client does, and then uses the sessions.
    async fn check_again(&self, world: &mut World, violations: &mut Vec<String>) {
        sleep(Duration::from_secs(1)).await;
        let again = self.send(world, None).await.0;
        let outcome = again.outcome.as_str();
        if outcome != self.operation.clean && !self.operation.again.contains(&outcome) {
            violations.push(format!("again: {outcome}: {}", again.body));
        }
        if self.operation.halfway == Some(DELETION) {
            // Its owner can no longer authenticate, so the schedule finishes it.
            world.pass(AGE_OF_DELETIONS);
            let swept = world.send(Function::Admin, SCHEDULE).await;
            if swept.outcome != "done" {
                violations.push("the deletion does not finish".to_owned());
            }
        }
        let (mut expected, mut state) = (self.after.clone(), self.lines(world));
        if self.operation.counts {
            (expected, state) = (without_versions(&expected), without_versions(&state));
        }
        if state != expected {
            violations.push(format!("again: {}", difference(&expected, &state)));
        }
        violations.extend(broken_invariants(&world.tables.contents()));
        let surviving = self.surviving(world, &again).await;
        if surviving != self.survivors {
            violations.push(format!("sessions: {surviving:?}, not {:?}", self.survivors));
        }
    }

    /// Describes everything that is stored, but for what is written if possible.
    fn lines(&self, world: &World) -> Lines {
        let mut lines = lines(world, &self.beginning.people);
        if let Some(table) = self.operation.best_effort {
            lines.retain(|line| !line.starts_with(table));
        }
        lines
    }

    /// Returns which of Ada's sessions can be refreshed. A pair of tokens that the operation
    /// returned must work.
    async fn surviving(&self, world: &mut World, reply: &Reply) -> [bool; 2] {
        let people = &self.beginning.people;
        let mut own = people.own.refresh.clone();
        if let Some(token) = reply.body["refresh_token"].as_str() {
            own = token.to_owned();
        }
        let mut surviving = [false; 2];
        for (alive, token) in surviving
            .iter_mut()
            .zip([own, people.other.refresh.clone()])
        {
            let reply = world.send(Function::Refresh, &present(&token)).await;
            *alive = reply.outcome == "200";
        }
        surviving
    }

    /// Creates a world whose process started while AWS was out of reach, so that the request
    /// makes every call itself.
    async fn world(&self) -> World {
        let mut world = World::begin(&self.beginning).with_mail(self.operation.has_mail);
        match self.operation.before {
            Before::Steps(_) | Before::Hours => world.pass(AGE_OF_KEYS),
            Before::Interrupted => world.pass(AGE_OF_DELETIONS),
            Before::Nothing
            | Before::LoggedOut
            | Before::Mailed(_)
            | Before::Registered
            | Before::Refreshed => {}
        }
        world.injection.break_all(Fault::ResetBefore);
        world.start(self.operation.function).await;
        world.injection.clear();
        sleep(IDLE).await;
        world
    }

    async fn send(&self, world: &World, left: Option<Duration>) -> (Reply, Duration) {
        let event = (self.operation.event)(&self.beginning.people);
        world
            .send_within(self.operation.function, &event, left)
            .await
    }
}

/// Returns the beginning after what happened before an operation.
async fn prepare(operation: &Operation, beginning: &Beginning) -> Beginning {
    let mut world = World::begin(beginning).with_mail(operation.has_mail);
    let people = &beginning.people;
    match operation.before {
        Before::Nothing | Before::Hours => {}
        Before::Mailed(address) => mailed::ask(&mut world, people, address).await,
        Before::Registered => {
            let reply = world.send(Function::Register, &mailed::register()).await;
            assert_eq!(reply.outcome, "201");
        }
        Before::Refreshed => {
            let mut token = people.own.refresh.clone();
            for _ in 0..2 {
                let reply = world.send(Function::Refresh, &present(&token)).await;
                token = reply.text("refresh_token");
            }
        }
        Before::LoggedOut => {
            let logout = log_out(&people.own.principal, "local");
            let reply = world.send(Function::Logout, &logout).await;
            assert_eq!(reply.outcome, "204");
        }
        Before::Interrupted => {
            if operation.has_mail {
                mailed::ask(&mut world, people, mailed::NEW_ADDRESS).await;
            }
            world.start(Function::Account).await;
            let id = CallId {
                label: "Query Sessions".to_owned(),
                ordinal: 0,
            };
            world.injection.plan(&[(id, Fault::ServerError)]);
            let body = serde_json::json!({"password": PASSWORD});
            let delete = owned("DELETE /me", people, body);
            let reply = world.send(Function::Account, &delete).await;
            world.injection.clear();
            assert_eq!(reply.outcome, "503");
        }
        Before::Steps(steps) => {
            world.pass(AGE_OF_KEYS);
            world.secrets.label(ROTATION);
            for step in &STEPS[..steps] {
                let step = crate::events::rotation(step, ROTATION);
                let reply = world.send(Function::RotateKeys, &step).await;
                assert_eq!(reply.outcome, "done");
            }
        }
    }
    Beginning {
        contents: world.tables.contents(),
        secrets: world.secrets.copy(),
        people: people.clone(),
    }
}

/// Returns the lines without the versions that each repetition raises.
fn without_versions(lines: &Lines) -> Lines {
    let is_version = |word: &&str| {
        [
            "min_ver=",
            "token_version=",
            "session_version=",
            "revision=",
        ]
        .iter()
        .any(|name| word.starts_with(name))
    };
    let lines = lines.iter().map(|line| {
        let words: Vec<&str> = line.split(' ').filter(|word| !is_version(word)).collect();
        words.join(" ")
    });
    lines.collect()
}

fn difference(expected: &Lines, actual: &Lines) -> String {
    let missing: Vec<_> = expected.difference(actual).collect();
    let surplus: Vec<_> = actual.difference(expected).collect();
    format!("without {missing:#?}, with {surplus:#?}")
}
