//! Records the calls to AWS, and injects faults into some of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatehouse_testing::{Backend, Call, operation};
use gatehouse_tests::random::Random;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::fault::{Fault, Reach};

/// A call of an operation, and how many like it came before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallId {
    /// The operation and the tables, such as `GetItem Users`.
    pub(crate) label: String,
    pub(crate) ordinal: usize,
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) id: CallId,
    /// Whether it is a write on a condition.
    pub(crate) conditional: bool,
    /// The request.
    pub(crate) body: Value,
}

/// Records calls and injects faults. Clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Injection(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The logical ids of the tables, by name.
    tables: BTreeMap<String, String>,
    planned: Vec<(CallId, Fault)>,
    /// A fault that every call now gets.
    outage: Option<Fault>,
    began: Instant,
    /// The call of each invocation of the SDK; its attempts share one.
    invocations: HashMap<String, CallId>,
    made: Vec<Made>,
    /// The calls that will still take effect, whoever waits for them.
    delayed: Arc<()>,
    struck: usize,
    missed: bool,
    /// Delays and breaks calls at random, if there is one.
    disturbance: Option<Disturbance>,
}

/// Delays every call at random, and breaks some.
#[derive(Debug)]
struct Disturbance {
    random: Random,
    faults: &'static [Fault],
    /// One attempt at a call in that many gets one of these faults.
    one_in: u64,
}

/// Faults that pass by themselves.
const PASSING: [Fault; 4] = [
    Fault::ThrottledOnce,
    Fault::ResetBefore,
    Fault::AnswerLost,
    Fault::LateApply,
];
/// What can come instead of a response of a store; none of them is one.
const STORE: [Fault; 9] = [
    Fault::ThrottledOnce,
    Fault::ServerError,
    Fault::ResetBefore,
    Fault::AnswerLost,
    Fault::LateApply,
    Fault::Slow(1),
    Fault::Conflict,
    Fault::PartialBatch,
    Fault::Corrupt,
];
/// How long a call may take before and after its effect, in milliseconds, at random.
const LONGEST: u64 = 60;

impl Made {
    pub(crate) fn is_write(&self) -> bool {
        const READS: [&str; 6] = ["BatchGet", "Describe", "Get", "List", "Query", "Scan"];
        !READS.iter().any(|read| self.id.label.starts_with(read))
    }

    /// Returns the operation, such as `GetItem`.
    pub(crate) fn operation(&self) -> &str {
        self.id.label.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.id.label.contains("Secret")
    }
}

impl CallId {
    /// Returns the name on the page.
    pub(crate) fn name(&self) -> String {
        match self.ordinal {
            0 => self.label.clone(),
            ordinal => format!("{}, {}", self.label, ordinal + 1),
        }
    }
}

impl Injection {
    /// Injects nothing yet. `tables` are the logical ids of the tables, and their names.
    pub(crate) fn new<'a>(tables: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let tables = tables.map(|(id, name)| {
            let id = id.strip_suffix("Table").unwrap_or(id);
            (name.to_owned(), id.to_owned())
        });
        Self(Arc::new(Mutex::new(State {
            tables: tables.collect(),
            planned: Vec::new(),
            outage: None,
            began: Instant::now(),
            invocations: HashMap::new(),
            made: Vec::new(),
            delayed: Arc::new(()),
            struck: 0,
            missed: false,
            disturbance: None,
        })))
    }

    /// Plans faults for the calls from now on.
    pub(crate) fn plan(&self, faults: &[(CallId, Fault)]) {
        let mut state = self.0.lock().unwrap();
        state.planned = faults.to_vec();
        state.outage = None;
        state.began = Instant::now();
        state.invocations.clear();
        state.made.clear();
        (state.struck, state.missed) = (0, false);
    }

    /// Breaks every call from now on.
    pub(crate) fn break_all(&self, fault: Fault) {
        self.plan(&[]);
        self.0.lock().unwrap().outage = Some(fault);
    }

    /// Delays each call at random from now on, and breaks every third attempt in a way that
    /// passes.
    pub(crate) fn disturb(&self, seed: u64) {
        self.0.lock().unwrap().disturbance = Some(Disturbance {
            random: Random::new(seed),
            faults: &PASSING,
            one_in: 3,
        });
    }

    /// Delays each call at random from now on, and breaks every tenth attempt.
    pub(crate) fn break_a_tenth(&self, seed: u64) {
        self.0.lock().unwrap().disturbance = Some(Disturbance {
            random: Random::new(seed),
            faults: &STORE,
            one_in: 10,
        });
    }

    /// Delays and breaks no call at random from now on.
    pub(crate) fn calm(&self) {
        self.0.lock().unwrap().disturbance = None;
    }

    /// Returns the delays before and after the effect of a call.
    fn delays(&self) -> (Duration, Duration) {
        let mut state = self.0.lock().unwrap();
        let mut delay = || {
            let random = state.disturbance.as_mut().map(|one| &mut one.random);
            Duration::from_millis(random.map_or(0, |random| random.below(LONGEST)))
        };
        (delay(), delay())
    }

    /// Stops injecting. Returns the calls since the faults were planned.
    pub(crate) fn clear(&self) -> Vec<Made> {
        let mut state = self.0.lock().unwrap();
        state.planned.clear();
        state.outage = None;
        std::mem::take(&mut state.made)
    }

    /// Returns when the faults were planned.
    pub(crate) fn began(&self) -> Instant {
        self.0.lock().unwrap().began
    }

    /// Returns whether every planned fault has struck something.
    pub(crate) fn all_struck(&self, planned: usize) -> bool {
        let state = self.0.lock().unwrap();
        state.struck >= planned && !state.missed
    }

    /// Records that a fault found nothing to break.
    pub(crate) fn missed(&self) {
        self.0.lock().unwrap().missed = true;
    }

    /// Counts a call as delayed until the result is dropped.
    pub(crate) fn delayed(&self) -> Arc<()> {
        Arc::clone(&self.0.lock().unwrap().delayed)
    }

    /// Returns whether calls will still take effect.
    pub(crate) fn has_delayed(&self) -> bool {
        Arc::strong_count(&self.0.lock().unwrap().delayed) > 1
    }

    /// Returns a backend with the planned faults.
    pub(crate) fn around(&self, inner: Backend) -> Backend {
        let injection = self.clone();
        Backend::new(move |call| {
            let (injection, inner) = (injection.clone(), inner.clone());
            async move {
                let (before, after) = injection.delays();
                pass(before).await;
                let outcome = match injection.due(&call) {
                    Some(fault) => fault.strike(&injection, call, inner).await,
                    None => inner.call(call).await,
                };
                pass(after).await;
                outcome
            }
        })
    }

    /// Records a call, and returns its fault.
    fn due(&self, call: &Call) -> Option<Fault> {
        let mut state = self.0.lock().unwrap();
        let (id, is_first) = state.record(call);
        let planned = state
            .planned
            .iter()
            .position(|(of, fault)| match fault.reach() {
                Reach::Once => *of == id && is_first,
                Reach::All => *of == id,
                Reach::Alike => of.label == id.label && of.ordinal <= id.ordinal,
            });
        let Some(planned) = planned else {
            return state.outage.or_else(|| state.disturb(&id));
        };
        let fault = state.planned[planned].1;
        match fault.reach() {
            Reach::Once => {
                state.planned.remove(planned);
                state.struck += 1;
            }
            Reach::All => {
                state.planned.remove(planned);
                state.outage = Some(fault);
                state.struck += 1;
            }
            Reach::Alike if state.planned[planned].0 == id && is_first => state.struck += 1,
            Reach::Alike => {}
        }
        Some(fault)
    }
}

/// Waits, unless there is nothing to wait for.
async fn pass(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

impl State {
    /// Returns a fault at random, for some attempts at a call.
    fn disturb(&mut self, id: &CallId) -> Option<Fault> {
        let disturbance = self.disturbance.as_mut()?;
        if disturbance.random.below(disturbance.one_in) > 0 {
            return None;
        }
        let made = self.made.iter().rev().find(|made| made.id == *id)?;
        let faults = disturbance.faults.iter();
        let faults: Vec<Fault> = faults
            .copied()
            .filter(|fault| fault.applies_to(made))
            .collect();
        let chosen = disturbance.random.below(faults.len() as u64);
        faults.get(usize::try_from(chosen).ok()?).copied()
    }

    /// Records a call. Returns which it is, and whether it is the first attempt at it.
    fn record(&mut self, call: &Call) -> (CallId, bool) {
        // Only the SDK sends it; without it, each attempt is a call of its own.
        let invocation = call.headers().get("amz-sdk-invocation-id");
        let invocation = invocation.map(|id| id.to_str().unwrap().to_owned());
        let known = invocation.as_ref().and_then(|id| self.invocations.get(id));
        if let Some(id) = known {
            return (id.clone(), false);
        }
        // Calls to SES that read have none.
        let body: Value = match &call.body()[..] {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        };
        let (label, conditional) = self.describe(call, &body);
        let before = self.made.iter().filter(|made| made.id.label == label);
        let ordinal = before.count();
        let id = CallId { label, ordinal };
        if let Some(invocation) = invocation {
            self.invocations.insert(invocation, id.clone());
        }
        self.made.push(Made {
            id: id.clone(),
            conditional,
            body,
        });
        (id, true)
    }

    /// Returns the label of a call, and whether it is a write on a condition.
    fn describe(&self, call: &Call, body: &Value) -> (String, bool) {
        let mut names: Vec<&str> = Vec::new();
        let mut conditional = !body["ConditionExpression"].is_null();
        names.extend(body["TableName"].as_str());
        if let Some(tables) = body["RequestItems"].as_object() {
            names.extend(tables.keys().map(String::as_str));
        }
        for part in body["TransactItems"].as_array().into_iter().flatten() {
            let part = part.as_object().unwrap().values().next().unwrap();
            names.extend(part["TableName"].as_str());
            conditional |= !part["ConditionExpression"].is_null();
        }
        let mut ids: Vec<&str> = names.into_iter().map(|name| &*self.tables[name]).collect();
        ids.sort_unstable();
        ids.dedup();
        let label = format!("{} {}", operation(call), ids.join(" and "));
        (label.trim_end().to_owned(), conditional)
    }
}
