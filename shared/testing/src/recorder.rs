//! What calls name and how they end, as far as whoever watches the tables sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::backend::{Backend, Call, operation};

/// A call that was made: the operation, the kinds of its keys, and the status.
pub type RecordedCall = (String, Vec<String>, u16);

/// Records calls. Clones share the record.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<RecordedCall>,
    latency: Duration,
}

impl Recorder {
    /// Returns the calls since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<RecordedCall> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    /// Makes each call take so much longer.
    pub fn set_latency(&self, latency: Duration) {
        self.0.lock().unwrap().latency = latency;
    }

    fn latency(&self) -> Duration {
        self.0.lock().unwrap().latency
    }
}

impl Backend {
    /// Records the calls.
    #[must_use]
    pub fn recorded_by(self, recorder: &Recorder) -> Self {
        let recorder = recorder.clone();
        Self::new(move |call| {
            let (recorder, inner) = (recorder.clone(), self.clone());
            async move {
                let (operation, kinds) = (operation(&call).to_owned(), kinds(&call));
                let latency = recorder.latency();
                if !latency.is_zero() {
                    tokio::time::sleep(latency).await;
                }
                let outcome = inner.call(call).await;
                if let Ok(response) = &outcome {
                    let call = (operation, kinds, response.status().as_u16());
                    recorder.0.lock().unwrap().calls.push(call);
                }
                outcome
            }
        })
    }
}

/// Returns what precedes the `#` of each partition key in a call, or `?`.
fn kinds(call: &Call) -> Vec<String> {
    let body: Value = serde_json::from_slice(call.body()).unwrap_or_default();
    let mut kinds = Vec::new();
    collect(&body, &mut kinds);
    kinds.sort();
    kinds
}

fn collect(value: &Value, kinds: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let key = value.pointer("/S").and_then(Value::as_str);
                match key {
                    Some(key) if name == "pk" => {
                        let kind = key.split_once('#').map_or("?", |(kind, _)| kind);
                        kinds.push(kind.to_owned());
                    }
                    _ => collect(value, kinds),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, kinds)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
