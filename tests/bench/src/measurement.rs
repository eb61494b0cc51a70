//! The run: every subject in turns, so that a change of the machine's speed meets them all.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use gatehouse_auth::time::Timestamp;

use crate::arguments::{Arguments, Name};
use crate::aws::AwsStandIn;
use crate::build;
use crate::certificate::Authority;
use crate::columns::Measured;
use crate::cpu_share::CpuShare;
use crate::fixture::{Fixture, environment};
use crate::peer;
use crate::pinning::Pinning;
use crate::process::Process;
use crate::runtime_api::{Plan, RuntimeApi, Sample};
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
        let pinning = Pinning::start();
        let now = i64::try_from(now_in_milliseconds() / 1000)?;
        let (fixture, items) = Fixture::create(Timestamp::from_unix(now))?;
        let aws = AwsStandIn::start(&authority.server()?, items)?;
        let environment = environment(&aws.url(), &authority);
        let subject = |name: &Name| match name {
            Name::Function(function) => Ok(Subject {
                name: function.name.to_owned(),
                program: bin_dir.join(function.name),
                arguments: Vec::new(),
                environment: environment.clone(),
                event: fixture.event(&root, *function)?,
                expected: function.expected,
                is_binary: true,
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

    /// Starts a process, sends it its events, and ends it.
    fn measure(
        &self,
        subject: &Subject,
        calls: usize,
        share: Option<&Arc<CpuShare>>,
    ) -> anyhow::Result<Sample> {
        let plan = Plan {
            event: subject.event.clone().into_bytes(),
            expected: subject.expected.to_owned(),
            calls,
            share: share.cloned(),
        };
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
                return ended.map_err(|what| anyhow!("{name}: {what}; its log is in {log}"));
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
mod tests {
    use std::path::Path;

    use super::*;

    /// What a runtime does, with curl: an event in, a call to DynamoDB, a response out.
    const RUNTIME: &str = r#"
        api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
        while curl -fsS "$api/invocation/next" > "$DIRECTORY/event"; do
            curl -sS --cacert "$SSL_CERT_FILE" "$AWS_ENDPOINT_URL" \
                -H "X-Amz-Target: DynamoDB_20120810.GetItem" \
                -d '{"TableName":"SigningKeys","Key":{"pk":{"S":"jwks"}}}' > "$DIRECTORY/item"
            curl -fsS -d "$(cat "$DIRECTORY/event" "$DIRECTORY/item")" \
                "$api/invocation/1/response"
        done"#;

    fn bench(directory: &Path, script: &str) -> Bench {
        let authority = Authority::create(&directory.join("certificates")).unwrap();
        let (_, items) = Fixture::create(Timestamp::from_unix(1_800_000_000)).unwrap();
        let aws = AwsStandIn::start(&authority.server().unwrap(), items).unwrap();
        let mut environment = environment(&aws.url(), &authority);
        let shown = directory.to_string_lossy().into_owned();
        environment.push(("DIRECTORY".to_owned(), shown));
        let arguments = "--cold 2 --warm 3 --warm-rounds 1".split_whitespace();
        Bench {
            arguments: Arguments::parse(arguments.map(str::to_owned)).unwrap(),
            aws: Arc::new(aws),
            pinning: Pinning::Off,
            share: Err(io::ErrorKind::PermissionDenied.into()),
            subjects: vec![Subject {
                name: "script".to_owned(),
                program: "/bin/bash".into(),
                arguments: vec!["-c".to_owned(), script.to_owned()],
                environment,
                event: "an event".to_owned(),
                expected: "an event{\"Item\"",
                is_binary: false,
            }],
            log: directory.join("log.txt"),
        }
    }

    #[test]
    fn a_process_is_measured_through_the_runtime_api_and_its_calls_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let results = bench(directory.path(), RUNTIME).run().unwrap();
        let samples = &results.measured[0].samples;
        let warm: Vec<usize> = samples.iter().map(|sample| sample.warm.len()).collect();
        assert_eq!(warm, [3, 0]);
        for sample in samples {
            assert!(sample.init_cpu > Duration::ZERO && sample.init_cpu < sample.init);
            assert_eq!(sample.cold_counts["GetItem"].calls, 1);
            assert!(sample.peak_memory > Some(1000));
        }
        assert_eq!(samples[0].warm_counts["GetItem"].calls, 3);
        let text = results.text();
        assert!(
            text.contains("| script | GetItem | warm call | 1.000 |"),
            "{text}"
        );
        assert!(text.contains("no control group could be created"), "{text}");
    }

    #[test]
    fn an_unexpected_response_and_an_early_end_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        let wrong = RUNTIME.replace("DynamoDB_20120810.GetItem", "DynamoDB_20120810.Scan");
        let error = bench(directory.path(), &wrong)
            .run()
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("script: call 1 came to"), "{error}");
        let error = bench(directory.path(), "exit 3")
            .run()
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("script ended with exit status: 3"),
            "{error}"
        );
    }
}
