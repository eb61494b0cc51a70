//! A bounded queue between the function and standard output, and the thread that empties
//! it. A pipe that nobody reads holds 64 KiB; after that, a write never returns, and every
//! request would wait for it.
//!
//! If the queue is full, the least important lines are lost: first what explains (logs),
//! then what counts (metrics), then what happened (audit events). As soon as the reader
//! continues, one line says how many of each kind were lost.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::{audit, metric};

/// The queue of this process.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Starts the thread that writes to `output`.
///
/// # Errors
/// If no thread can be started.
pub(super) fn start(output: impl Write + Send + 'static) -> io::Result<Queue> {
    let queue = Queue::start(output)?;
    let _ = QUEUE.set(queue.clone());
    Ok(queue)
}

/// Waits until the queue is empty, but not for long.
pub(super) async fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_LIMIT).await;
    }
}

/// Waits until the queue is empty before the process ends, but not for long.
pub(super) fn flush_before_exit() {
    if let Some(queue) = QUEUE.get() {
        queue.flush_blocking(EXIT_LIMIT);
    }
}

/// Lines that wait to be written. Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Signalled when a line arrives, or the last one has been written.
    changed: Condvar,
    /// The same for asynchronous waiting, only for the latter.
    emptied: Notify,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Line>,
    bytes: usize,
    lost: Lost,
    /// The thread is writing a line, which is no longer in `lines`.
    is_writing: bool,
    /// Someone waited in vain. Nobody does again before a line has been written.
    is_stuck: bool,
}

struct Line {
    kind: Kind,
    text: Vec<u8>,
}

/// Kinds of lines, the least important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Log,
    Metric,
    Audit,
}

/// How many lines of each kind were lost since it was last reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lost {
    logs: u64,
    metrics: u64,
    audits: u64,
}

impl Queue {
    fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            emptied: Notify::new(),
        }));
        let emptied = queue.clone();
        let thread = thread::Builder::new().name("log".to_owned());
        thread.spawn(move || emptied.empty_into(output))?;
        Ok(queue)
    }

    /// Writes lines as they arrive, for as long as the process runs.
    fn empty_into(&self, mut output: impl Write) {
        loop {
            let text = self.next();
            // Nothing can be logged about a log that cannot be written.
            let _ = output.write_all(&text).and_then(|()| output.flush());
            let mut state = self.state();
            state.is_writing = false;
            state.is_stuck = false;
            if state.is_idle() {
                self.0.changed.notify_all();
                self.0.emptied.notify_waiters();
            }
        }
    }

    /// Waits for the next line: what was lost, as soon as everything else is written.
    fn next(&self) -> Vec<u8> {
        let mut state = self.state();
        loop {
            let text = match state.take() {
                Some(line) => Some(line.text),
                None => state.lost.report(),
            };
            if let Some(text) = text {
                state.is_writing = true;
                return text;
            }
            let waited = self.0.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn push(&self, kind: Kind, text: &[u8]) {
        self.state().push(kind, text);
        self.0.changed.notify_all();
    }

    async fn flush(&self, limit: Duration) {
        let emptied = async {
            loop {
                // Registered before the check, so that no signal is missed.
                let emptied = self.0.emptied.notified();
                if self.state().is_idle() {
                    return;
                }
                emptied.await;
            }
        };
        if !self.state().is_stuck && timeout(limit, emptied).await.is_err() {
            self.state().is_stuck = true;
        }
    }

    fn flush_blocking(&self, limit: Duration) {
        let state = self.state();
        if !state.is_stuck {
            let waiting = |state: &mut State| !state.is_idle();
            drop(self.0.changed.wait_timeout_while(state, limit, waiting));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds a line, if need be in the place of less important ones; the oldest go first.
    fn push(&mut self, kind: Kind, text: &[u8]) {
        while self.bytes + text.len() > CAPACITY {
            let least = self.lines.iter().map(|line| line.kind).min();
            let least = least.filter(|least| *least < kind);
            let Some(least) = least else {
                self.lost.count(kind);
                return;
            };
            let place = self.lines.iter().position(|line| line.kind == least);
            if let Some(line) = place.and_then(|place| self.lines.remove(place)) {
                self.bytes -= line.text.len();
                self.lost.count(line.kind);
            }
        }
        self.bytes += text.len();
        let text = text.to_vec();
        self.lines.push_back(Line { kind, text });
    }

    fn take(&mut self) -> Option<Line> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.text.len();
        Some(line)
    }

    fn is_idle(&self) -> bool {
        self.lines.is_empty() && !self.is_writing && self.lost == Lost::default()
    }
}

impl Lost {
    fn count(&mut self, kind: Kind) {
        let lost = match kind {
            Kind::Log => &mut self.logs,
            Kind::Metric => &mut self.metrics,
            Kind::Audit => &mut self.audits,
        };
        *lost += 1;
    }

    fn by_kind(self) -> Value {
        json!({ "logs": self.logs, "metrics": self.metrics, "audits": self.audits })
    }

    /// Returns the line that says what was lost, if anything was, and forgets it. The line
    /// is a metric as well.
    fn report(&mut self) -> Option<Vec<u8>> {
        let lost = std::mem::take(self);
        if lost == Self::default() {
            return None;
        }
        let total = lost.logs + lost.metrics + lost.audits;
        let mut line = metric::line("log_lines_lost", total, "Count");
        if let Some(members) = line.as_object_mut() {
            let message = "the log was not read, and lines were lost";
            members.insert("level".to_owned(), json!("WARN"));
            members.insert("message".to_owned(), json!(message));
            members.insert("lost".to_owned(), lost.by_kind());
        }
        Some(format!("{line}\n").into_bytes())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        let kind = Kind::Log;
        LineWriter { queue: self, kind }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        let kind = match metadata.target() {
            audit::TARGET => Kind::Audit,
            metric::TARGET => Kind::Metric,
            _ => Kind::Log,
        };
        LineWriter { queue: self, kind }
    }
}

/// Adds lines of one kind.
pub(super) struct LineWriter<'a> {
    queue: &'a Queue,
    kind: Kind,
}

impl Write for LineWriter<'_> {
    /// Each call passes one whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(self.kind, line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many bytes of lines wait at most, besides the 64 KiB of the pipe: several hundred
/// requests. More takes memory from functions that have 128 MB; less loses lines sooner.
const CAPACITY: usize = 256 * 1024;
/// How long a response waits for its lines. Longer delays a response whenever the reader
/// stops; shorter leaves lines in a frozen process until the next request, or loses them.
const FLUSH_LIMIT: Duration = Duration::from_millis(100);
/// How long the end of the process waits for its last lines.
const EXIT_LIMIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
