//! The Lambda Runtime API for one process: events out, responses in, both timed.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::aws::{AwsStandIn, Counts};
use crate::cpu_share::CpuShare;
use crate::http::{Reader, Request};
use crate::measurement::now_in_milliseconds;
use crate::process::cpu_time;
use crate::subject::Subject;

/// What one process did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    /// From the start of the process to its first request for an event.
    pub(crate) init: Duration,
    pub(crate) init_cpu: Duration,
    /// From the first event to its response.
    pub(crate) first: Duration,
    pub(crate) first_cpu: Duration,
    /// The same for every later event.
    pub(crate) warm: Vec<Duration>,
    /// The CPU time of all later events together.
    pub(crate) warm_cpu: Duration,
    /// KiB.
    pub(crate) peak_memory: Option<u64>,
    pub(crate) cold_counts: Counts,
    pub(crate) warm_counts: Counts,
}

/// What to send to the process, and what to expect.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) event: Vec<u8>,
    /// A part of every valid response.
    pub(crate) expected: String,
    /// The number of events, at least one.
    pub(crate) calls: usize,
    /// The group that the process enters before its first event.
    pub(crate) share: Option<Arc<CpuShare>>,
    /// Set if Valgrind runs the process.
    pub(crate) warm_up: Option<WarmUp>,
}

/// Events before the instructions are counted. Valgrind is slow, so these may exceed time limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WarmUp {
    pub(crate) calls: usize,
    /// Called after them with the process, while it waits for the next event.
    pub(crate) end: fn(u32) -> anyhow::Result<()>,
}

impl Plan {
    /// Creates a plan for a process of a subject that runs by itself.
    pub(crate) fn new(subject: &Subject, calls: usize) -> Self {
        Self {
            event: subject.event.clone().into_bytes(),
            expected: subject.expected.to_owned(),
            calls,
            share: None,
            warm_up: None,
        }
    }

    /// Returns how many calls come before the warm ones.
    fn cold_calls(&self) -> usize {
        self.warm_up.map_or(1, |warm_up| warm_up.calls)
    }
}

/// The state of a run.
#[derive(Debug)]
struct Run {
    started: Instant,
    process: Option<u32>,
    sent: usize,
    sent_at: Instant,
    responses: usize,
    cpu_before_warm: Duration,
    sample: Sample,
    /// Set at the end: nothing, or what went wrong.
    ended: Option<Result<(), String>>,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    plan: Plan,
    aws: Arc<AwsStandIn>,
    run: Mutex<Run>,
    changed: Condvar,
}

/// The server for one process.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl RuntimeApi {
    /// Listens on a free port. The clock starts now.
    pub(crate) fn start(plan: Plan, aws: &Arc<AwsStandIn>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        aws.take_counts();
        let shared = Arc::new(Shared {
            run: Mutex::new(Run {
                started: Instant::now(),
                process: None,
                sent: 0,
                sent_at: Instant::now(),
                responses: 0,
                cpu_before_warm: Duration::ZERO,
                sample: Sample {
                    warm: Vec::with_capacity(plan.calls),
                    ..Sample::default()
                },
                ended: None,
                closed: false,
            }),
            plan,
            aws: Arc::clone(aws),
            changed: Condvar::new(),
        });
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if server.lock().closed {
                    return;
                }
                let shared = Arc::clone(&server);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Ok(Self { address, shared })
    }

    /// Returns the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Sets the moment from which INIT counts.
    pub(crate) fn restart_clock(&self) {
        self.shared.lock().started = Instant::now();
    }

    /// Sets the process whose CPU time counts.
    pub(crate) fn set_process(&self, id: u32) {
        self.shared.lock().process = Some(id);
        self.shared.changed.notify_all();
    }

    /// Waits for the end of the run, for at most `patience`.
    pub(crate) fn wait(&self, patience: Duration) -> Option<Result<Sample, String>> {
        let run = self.shared.lock();
        let ended = |run: &mut Run| run.ended.is_none();
        let waited = self.shared.changed.wait_timeout_while(run, patience, ended);
        let (mut run, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let ended = run.ended.take()?;
        Some(ended.map(|()| std::mem::take(&mut run.sample)))
    }
}

impl Drop for RuntimeApi {
    /// Ends the threads.
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = Reader::new(stream);
        while let Some(request) = reader.next().ok()? {
            let now = Instant::now();
            if request.method == "GET" && request.path.ends_with("/invocation/next") {
                let headers = self.next(now)?;
                reader.respond("200 OK", &headers, &self.plan.event).ok()?;
            } else {
                self.take(&request, now);
                let accepted = br#"{"status":"OK"}"#;
                let headers = "Content-Type: application/json\r\n";
                reader.respond("202 Accepted", headers, accepted).ok()?;
            }
        }
        Some(())
    }

    /// Returns the headers of the next event. After the last one it waits for the end.
    fn next(&self, now: Instant) -> Option<String> {
        let unknown = |run: &mut Run| run.process.is_none() && !run.closed;
        let waited = self.changed.wait_while(self.lock(), unknown);
        let mut run = waited.unwrap_or_else(PoisonError::into_inner);
        let process = run.process?;
        let cpu = cpu_time(process);
        if run.sent == 0 {
            run.sample.init = now.duration_since(run.started);
            run.sample.init_cpu = cpu;
            if let Some(share) = &self.plan.share
                && let Err(error) = share.enter(process)
            {
                self.end(
                    &mut run,
                    Err(format!("the CPU share has no effect: {error}")),
                );
            }
        }
        if run.sent == self.plan.cold_calls() {
            if let Some(warm_up) = self.plan.warm_up
                && let Err(error) = (warm_up.end)(process)
            {
                self.end(&mut run, Err(error.to_string()));
            }
            run.sample.first_cpu = cpu.saturating_sub(run.sample.init_cpu);
            run.sample.cold_counts = self.aws.take_counts();
            run.cpu_before_warm = cpu;
        }
        if run.sent >= self.plan.calls {
            run.sample.warm_cpu = cpu.saturating_sub(run.cpu_before_warm);
            run.sample.warm_counts = self.aws.take_counts();
            run.sample.peak_memory = crate::process::peak_memory(process);
            self.end(&mut run, Ok(()));
            drop(self.changed.wait_while(run, |run| !run.closed));
            return None;
        }
        run.sent = run.sent.saturating_add(1);
        let headers = format!(
            "Content-Type: application/json\r\n\
             Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-{:012x}\r\n\
             Lambda-Runtime-Deadline-Ms: {}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: \
             arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
             Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n",
            run.sent,
            now_in_milliseconds().saturating_add(DEADLINE),
        );
        run.sent_at = Instant::now();
        Some(headers)
    }

    /// Takes a response or an error.
    fn take(&self, request: &Request, now: Instant) {
        let mut run = self.lock();
        let took = now.duration_since(run.sent_at);
        if run.responses == 0 {
            run.sample.first = took;
        } else {
            run.sample.warm.push(took);
        }
        run.responses = run.responses.saturating_add(1);
        let may_fail = self.plan.warm_up.is_some() && run.responses <= self.plan.cold_calls();
        if may_fail {
            return;
        }
        let body = String::from_utf8_lossy(&request.body);
        if !request.path.ends_with("/response") || !body.contains(&self.plan.expected) {
            let call = run.responses;
            let shown: String = body.chars().take(SHOWN).collect();
            let what = format!("call {call} came to {}: {shown}", request.path);
            self.end(&mut run, Err(what));
        }
    }

    /// Ends the run; the first end counts.
    fn end(&self, run: &mut Run, how: Result<(), String>) {
        if run.ended.is_none() {
            run.ended = Some(how);
        }
        self.changed.notify_all();
    }
}

/// Milliseconds until an event's deadline.
const DEADLINE: u128 = 30_000;
/// Characters of an unexpected response in the error.
const SHOWN: usize = 300;
