//! Faults in calls to AWS: which call, before or after it takes effect, and what
//! happens there. The rules are the same in process and at the wire.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::sync::{Notify, oneshot};

use crate::backend::{ConnectionCut, Outcome};

/// Returns the moment before the call with this number takes effect. Calls of all
/// operations count, from 0, as soon as the fault is injected.
#[must_use]
pub fn at_call(number: usize) -> At {
    At {
        number,
        operation: None,
        moment: Moment::Before,
    }
}

/// The moment of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    number: usize,
    operation: Option<&'static str>,
    moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}

impl At {
    /// Counts only calls of this operation, such as `GetItem`.
    #[must_use]
    pub fn of(self, operation: &'static str) -> Self {
        Self {
            operation: Some(operation),
            ..self
        }
    }

    /// Moves the fault behind the call, which then has taken effect.
    #[must_use]
    pub fn after(self) -> Self {
        Self {
            moment: Moment::After,
            ..self
        }
    }
}

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It waits there forever.
    Hold,
    /// The connection ends.
    Cut,
    /// This response takes the place of the real one.
    Fail(Response<Bytes>),
    /// It continues after this long.
    Delay(Duration),
    /// It continues once this is notified.
    Until(Arc<Notify>),
}

/// The faults to inject, and the calls so far. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    always: Vec<(At, Fault)>,
    calls: Vec<String>,
}

#[derive(Debug)]
struct Rule {
    at: At,
    fault: Fault,
    /// Resolves when the fault strikes.
    struck: oneshot::Sender<()>,
    /// Calls of the operation since the rule was made.
    seen: usize,
}

impl Faults {
    /// Injects one fault. The receiver resolves when it strikes, and fails if it is
    /// cleared before that.
    pub fn inject(&self, at: At, fault: Fault) -> oneshot::Receiver<()> {
        let (struck, strikes) = oneshot::channel();
        self.0.lock().unwrap().rules.push(Rule {
            at,
            fault,
            struck,
            seen: 0,
        });
        strikes
    }

    /// Injects a fault into every call from then on, until it is cleared.
    pub fn inject_always(&self, at: At, fault: Fault) {
        self.0.lock().unwrap().always.push((at, fault));
    }

    /// Removes the faults that have not struck, and those that always do.
    pub fn clear(&self) {
        let mut state = self.0.lock().unwrap();
        state.rules.clear();
        state.always.clear();
    }

    /// Returns the operations called since the last time, repetitions included.
    #[must_use]
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    /// Runs `work` to its end, or stops it at a call as SIGKILL would, and returns
    /// `None`.
    pub async fn kill_at<T: Send + 'static>(
        &self,
        at: At,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let strikes = self.inject(at, Fault::Hold);
        let mut work = tokio::spawn(work);
        let done = tokio::select! {
            done = &mut work => Some(done.unwrap()),
            Ok(()) = strikes => None,
        };
        work.abort();
        self.clear();
        done
    }

    /// Runs `work` until it reaches a call, then `meanwhile` from beginning to end, and then
    /// the rest of `work`, and clears all faults. Returns `None` if `work` ends without that call.
    pub fn pause_at<T, U>(
        &self,
        at: At,
        work: impl Future<Output = T>,
        meanwhile: impl Future<Output = U>,
    ) -> Pin<Box<impl Future<Output = Option<(T, U)>>>> {
        let resume = Arc::new(Notify::new());
        let reached = self.inject(at, Fault::Until(Arc::clone(&resume)));
        let work = async move {
            let done = work.await;
            // If the call was not reached, this ends the wait for it.
            self.clear();
            done
        };
        let meanwhile = async move {
            reached.await.ok()?;
            let done = meanwhile.await;
            resume.notify_one();
            Some(done)
        };
        Box::pin(async move {
            let (done, meanwhile) = tokio::join!(work, meanwhile);
            Some((done, meanwhile?))
        })
    }

    /// Makes a call of that operation, with the faults injected into it.
    pub(crate) async fn around(
        &self,
        operation: &str,
        call: impl Future<Output = Outcome>,
    ) -> Outcome {
        let (before, after): (Vec<_>, Vec<_>) = self
            .due(operation)
            .into_iter()
            .partition(|(at, _)| at.moment == Moment::Before);
        for (_, fault) in before {
            if let Some(outcome) = fault.strike().await {
                return outcome;
            }
        }
        let outcome = call.await;
        for (_, fault) in after {
            if let Some(outcome) = fault.strike().await {
                return outcome;
            }
        }
        outcome
    }

    /// Records a call, removes the rules that apply to it, and returns the faults.
    fn due(&self, operation: &str) -> Vec<(At, Fault)> {
        let mut state = self.0.lock().unwrap();
        state.calls.push(operation.to_owned());
        let counts = |at: &At| at.operation.is_none_or(|wanted| wanted == operation);
        let is_due = |rule: &mut Rule| {
            rule.seen += usize::from(counts(&rule.at));
            counts(&rule.at) && rule.seen > rule.at.number
        };
        let mut due: Vec<_> = state
            .rules
            .extract_if(.., is_due)
            .map(Rule::strike)
            .collect();
        let always = state.always.iter().filter(|(at, _)| counts(at));
        due.extend(always.cloned());
        due
    }
}

impl Rule {
    fn strike(self) -> (At, Fault) {
        // The test may have dropped the receiver.
        self.struck.send(()).unwrap_or_default();
        (self.at, self.fault)
    }
}

impl Fault {
    /// Returns what replaces the call or its response, if anything does.
    async fn strike(self) -> Option<Outcome> {
        match self {
            Self::Hold => std::future::pending().await,
            Self::Cut => Some(Err(ConnectionCut)),
            Self::Fail(response) => Some(Ok(response)),
            Self::Delay(duration) => {
                tokio::time::sleep(duration).await;
                None
            }
            Self::Until(notified) => {
                notified.notified().await;
                None
            }
        }
    }
}
