//! How many instructions a call takes, counted by Valgrind: unlike a time, it does not depend on
//! what else the machine does, so a commit that makes a call slower fails CI.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

use crate::arguments::Arguments;
use crate::callgrind::Callgrind;
use crate::measurement::Bench;
use crate::reference::{Reference, Verdict};
use crate::steps::STEPS;
use crate::subject::Subject;

/// Instructions per call, by what is called.
pub(crate) type Counts = BTreeMap<String, u64>;

/// Counts the functions and the steps, and compares the counts with the list, or writes the list.
/// Returns what to print.
///
/// # Errors
/// If one cannot be counted or takes more than it may.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<String> {
    let callgrind = Callgrind::find()?;
    let update = arguments.update;
    let bench = Bench::start(arguments)?;
    let counts = count(&bench)?;
    if update {
        Reference::write(callgrind.machine(), &counts)?;
    }
    match Reference::read()?.compare(callgrind.machine(), &counts) {
        Verdict::Passed(text) | Verdict::NotCompared(text) => Ok(text),
        Verdict::Failed(text) => bail!("{text}"),
    }
}

/// What is counted.
enum Job<'a> {
    Step(&'static str),
    Function(&'a Subject),
}

/// What a process did in some calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Total {
    pub(crate) instructions: u64,
    /// The calls to AWS.
    pub(crate) aws_calls: u64,
}

/// Counts everything, one after the other: two processes at a time would exceed time limits.
fn count(bench: &Bench) -> anyhow::Result<Counts> {
    let is_counted = |subject: &&Subject| !HASHING.contains(&&*subject.name);
    let functions = bench
        .subjects()
        .iter()
        .filter(is_counted)
        .map(Job::Function);
    let jobs = functions.chain(STEPS.into_iter().map(Job::Step));
    let counts = jobs.map(|job| {
        let name = job.name().to_owned();
        let count = job.count(bench).with_context(|| name.clone())?;
        Ok((name, count))
    });
    counts.collect()
}

impl Job<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Step(name) => name,
            Self::Function(subject) => &subject.name,
        }
    }

    /// Returns the instructions per call.
    fn count(&self, bench: &Bench) -> anyhow::Result<u64> {
        let file = bench.work_dir().join("callgrind.out");
        match self {
            Self::Step(name) => {
                let total = |calls| Callgrind::count_step(&file, name, calls);
                let (few, many) = CALLS;
                let steps = total(many)?.saturating_sub(total(few)?);
                let count = steps.checked_div(u64::try_from(many.saturating_sub(few))?);
                count.context("there were no steps")
            }
            Self::Function(subject) => {
                let count = || per_call(bench.count(subject, &file, CALLS)?, CALLS.1);
                let mut counted = count();
                for _ in 1..ATTEMPTS {
                    if counted.is_err() {
                        counted = count();
                    }
                }
                counted
            }
        }
    }
}

/// Returns the instructions of a call. Valgrind is slow, so a time limit of the SDK may end a
/// call to AWS, which then is made again.
fn per_call(total: Total, calls: usize) -> anyhow::Result<u64> {
    let (calls, aws_calls) = (u64::try_from(calls)?, total.aws_calls);
    ensure!(
        aws_calls.is_multiple_of(calls),
        "{calls} calls made {aws_calls} calls to AWS: some were repeated"
    );
    let count = total.instructions.checked_div(calls);
    count.context("there were no calls")
}

/// How often a function is tried.
const ATTEMPTS: u8 = 4;
/// The calls before those that are counted, which also fill caches, and those that are. More
/// take longer than a commit should wait.
const CALLS: (usize, usize) = (5, 30);
/// Functions that are not counted: a hash is nearly all that they do, and below Valgrind it
/// takes longer than they may.
const HASHING: [&str; 2] = ["login", "register"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_its_share_and_a_repeated_call_to_aws_is_an_error() {
        let count = |instructions, aws_calls| {
            let total = Total {
                instructions,
                aws_calls,
            };
            per_call(total, 10).ok()
        };
        assert_eq!(count(20_009, 30), Some(2_000));
        assert_eq!(count(20_009, 0), Some(2_000));
        assert_eq!(count(20_009, 31), None);
    }
}
