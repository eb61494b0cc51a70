//! The run: every subject in turns, so that a change of the machine's speed meets them all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use gatehouse_auth::time::Timestamp;

use crate::arguments::{Arguments, Name};
use crate::aws::AwsStandIn;
use crate::build;
use crate::callgrind::Callgrind;
use crate::certificate::Authority;
use crate::columns::Measured;
use crate::cpu_share::CpuShare;
use crate::fixture::Fixture;
use crate::function::environment;
use crate::instructions::Total;
use crate::peer;
use crate::pinning::Pinning;
use crate::process::Process;
use crate::runtime_api::{Plan, RuntimeApi, Sample, WarmUp};
use crate::subject::Subject;
use crate::table::Results;

/// Everything that a run needs.
#[derive(Debug)]
pub(crate) struct Bench {
    arguments: Arguments,
    aws: Arc<AwsStandIn>,
    pinning: Pinning,
    /// Whether there can be groups with the CPU share of 128 MB.
    share: io::Result<()>,
    subjects: Vec<Subject>,
    log: PathBuf,
}

impl Bench {
    /// Builds the subjects and starts the stand-in.
    pub(crate) fn start(arguments: Arguments) -> anyhow::Result<Self> {
        let root = build::root();
        let work_dir = root.join(WORK_DIR);
        let (functions, peers) = arguments.subjects();
        peer::install(&root, &peers)?;
        let bin_dir = match &arguments.bin_dir {
            Some(directory) => fs::canonicalize(directory)
                .with_context(|| format!("{} cannot be read", directory.display()))?,
            None => build::build(&root, &functions)?,
        };
        let authority = Authority::create(&work_dir.join("certificates"))?;
        // After the build, so that Cargo has every processor.
        let pinning = if arguments.instructions {
            Pinning::Off
        } else {
            Pinning::start()
        };
        let now = i64::try_from(now_in_milliseconds() / 1000)?;
        let (fixture, items) = Fixture::create(Timestamp::from_unix(now))?;
        let aws = AwsStandIn::start(&authority.server()?, items)?;
        let environment = environment(&aws.url(), &authority);
        let subject = |name: &Name| match name {
            Name::Function(function) => Ok(Subject {
                name: function.name.to_owned(),
                program: build::program(&bin_dir, function.name),
                arguments: Vec::new(),
                environment: function.environment(&environment),
                event: fixture.event(&root, *function)?,
                expected: function.expected,
                is_binary: true,
                memory_mb: function.memory_mb,
                has_route: function.has_route,
            }),
            Name::Peer(peer) => peer.subject(&root, &fixture, environment.clone()),
        };
        let subjects: anyhow::Result<Vec<Subject>> = arguments.names.iter().map(subject).collect();
        Ok(Self {
            subjects: subjects?,
            aws: Arc::new(aws),
            pinning,
            share: CpuShare::create().map(|share| share.remove()),
            log: work_dir.join("log.txt"),
            arguments,
        })
    }

    /// Measures every subject.
    pub(crate) fn run(&self) -> anyhow::Result<Results> {
        fs::write(&self.log, "")?;
        let subjects = self.subjects.iter().map(|subject| Measured {
            subject: subject.clone(),
            samples: Vec::new(),
            shared: Vec::new(),
        });
        let mut measured: Vec<Measured> = subjects.collect();
        for round in 0..self.arguments.cold {
            // Rotated, so that no subject always follows the same one.
            for measured in in_turn(&mut measured, round) {
                let calls = if round < self.arguments.warm_rounds {
                    self.arguments.warm.saturating_add(1)
                } else {
                    1
                };
                let sample = self.measure(&measured.subject, calls, None)?;
                measured.samples.push(sample);
            }
        }
        if self.share.is_ok() {
            for round in 0..self.arguments.share_rounds {
                for measured in in_turn(&mut measured, round) {
                    let share = Arc::new(CpuShare::create()?);
                    let sample = self.measure(&measured.subject, 1, Some(&share));
                    share.remove();
                    measured.shared.push(sample?);
                }
            }
        }
        Ok(Results {
            measured,
            pinned: self.pinning == Pinning::On,
            share_error: self.share.as_ref().err().map(ToString::to_string),
        })
    }

    /// Returns what is measured.
    pub(crate) fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Returns the directory of logs and counts.
    pub(crate) fn work_dir(&self) -> &Path {
        self.log.parent().unwrap_or(&self.log)
    }

    /// Counts the instructions of a process that handles events.
    ///
    /// # Errors
    /// If it fails.
    pub(crate) fn count(
        &self,
        subject: &Subject,
        file: &Path,
        (warm_up, calls): (usize, usize),
    ) -> anyhow::Result<Total> {
        let plan = Plan {
            warm_up: Some(WarmUp {
                calls: warm_up,
                end: Callgrind::reset,
            }),
            ..Plan::new(subject, warm_up.saturating_add(calls))
        };
        let end = |sample: Sample, process: &Process| {
            let counts = sample.warm_counts.values();
            Ok(Total {
                instructions: Callgrind::count(process.id(), file)?,
                aws_calls: counts.map(|traffic| traffic.calls).sum(),
            })
        };
        self.observe(&Callgrind::around(subject, file), plan, end)
    }

    /// Starts a process, sends it its events, and kills it.
    fn measure(
        &self,
        subject: &Subject,
        calls: usize,
        share: Option<&Arc<CpuShare>>,
    ) -> anyhow::Result<Sample> {
        let plan = Plan {
            share: share.cloned(),
            ..Plan::new(subject, calls)
        };
        self.observe(subject, plan, |sample, _| Ok(sample))
    }

    /// Starts a process, sends it its events, and calls `end` while it waits for another one.
    fn observe<T>(
        &self,
        subject: &Subject,
        plan: Plan,
        end: impl FnOnce(Sample, &Process) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let api = RuntimeApi::start(plan, &self.aws)?;
        let started = self.pinning.beside(|| {
            api.restart_clock();
            Process::start(subject, &api.address(), &self.log)
        });
        let name = &subject.name;
        let started = started.with_context(|| format!("{name} was not started"))?;
        let mut process =
            started.with_context(|| format!("{} cannot be run", subject.program.display()))?;
        api.set_process(process.id());
        let log = self.log.display();
        for _ in 0..PATIENCE {
            if let Some(ended) = api.wait(Duration::from_secs(1)) {
                let ended = ended.map_err(|what| anyhow!("{name}: {what}; its log is in {log}"));
                return end(ended?, &process);
            }
            if let Some(status) = process.ended() {
                return Err(anyhow!("{name} ended with {status}; its log is in {log}"));
            }
        }
        Err(anyhow!("{name} took more than {PATIENCE} s"))
    }
}

/// Where peers, certificates and the log are, below the project's root.
pub(crate) const WORK_DIR: &str = ".gatehouse/bench";

/// Seconds that a process may take for all of its events.
const PATIENCE: u32 = 600;

/// Returns the subjects, beginning with another one in each round.
fn in_turn(measured: &mut [Measured], round: usize) -> impl Iterator<Item = &mut Measured> {
    let first = round.checked_rem(measured.len()).unwrap_or_default();
    let (before, after) = measured.split_at_mut(first);
    after.iter_mut().chain(before)
}

/// Returns the milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the deadline of an event is a time of day, and nothing here decides by it"
)]
pub(crate) fn now_in_milliseconds() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_millis()
}

#[cfg(test)]
mod tests;
