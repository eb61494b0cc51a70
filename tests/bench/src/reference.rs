//! `tests/instructions.txt`: how many instructions each call took when it was last written.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::build::root;
use crate::instructions::Counts;

/// The list. Its first line says what it was counted on.
#[derive(Debug)]
pub(crate) struct Reference {
    machine: String,
    counts: Counts,
}

/// What a comparison found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No call takes more than it may.
    Passed(String),
    /// The list is from another machine, so nothing was compared.
    NotCompared(String),
    /// Some calls take more than they may, or the list names other calls.
    Failed(String),
}

impl Reference {
    /// Reads the list.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = path();
        let text = fs::read_to_string(&path);
        Self::parse(&text.with_context(|| format!("{} cannot be read", path.display()))?)
    }

    /// Writes the list.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(machine: &str, counts: &Counts) -> anyhow::Result<()> {
        let mut text = format!("{HEAD}{machine}\n");
        for (name, count) in counts {
            writeln!(text, "{name} {count}")?;
        }
        let path = path();
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let machine = first.strip_prefix(HEAD);
        let machine = machine.with_context(|| format!("the list does not begin with `{HEAD}`"))?;
        let mut counts = Counts::new();
        for line in rest.lines() {
            let count = line.split_once(' ');
            let parsed = count.and_then(|(name, count)| Some((name, count.parse().ok()?)));
            let Some((name, count)) = parsed else {
                bail!("`{line}` is not a name and a count");
            };
            counts.insert(name.to_owned(), count);
        }
        Ok(Self {
            machine: machine.to_owned(),
            counts,
        })
    }

    /// Compares counts with the list.
    pub(crate) fn compare(&self, machine: &str, counts: &Counts) -> Verdict {
        let mut table = String::from(
            "| call | instructions | listed | ratio |\n| --- | ---: | ---: | ---: |\n",
        );
        let mut complaints = String::new();
        for (name, count) in counts {
            let Some(listed) = self.counts.get(name) else {
                let _ = writeln!(table, "| {name} | {count} | – | – |");
                let _ = writeln!(complaints, "{name} is not in the list");
                continue;
            };
            let thousandths = count
                .saturating_mul(1000)
                .checked_div(*listed)
                .unwrap_or(u64::MAX);
            let ratio = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            let _ = writeln!(table, "| {name} | {count} | {listed} | {ratio} |");
            if count.saturating_mul(100) > listed.saturating_mul(100 + TOLERANCE) {
                let _ = writeln!(
                    complaints,
                    "{name} takes {count} instructions per call, {ratio} times the {listed} in the list"
                );
            }
        }
        for name in self
            .counts
            .keys()
            .filter(|name| !counts.contains_key(*name))
        {
            let _ = writeln!(complaints, "{name} is in the list, but was not counted");
        }
        if self.machine != machine {
            return Verdict::NotCompared(format!(
                "{table}\nNOT COMPARED: the list was counted on {}, and this is {machine}. \
                 To compare, write the list here from the commit before yours: {UPDATE}\n",
                self.machine
            ));
        }
        if complaints.is_empty() {
            return Verdict::Passed(format!(
                "{table}\nNo call takes {TOLERANCE} % more than listed.\n"
            ));
        }
        Verdict::Failed(format!(
            "{table}\n{complaints}\nIf that is intended, write the list in a commit of its own: {UPDATE}"
        ))
    }
}

/// By how many per cent a count may grow unnoticed: less, and a new version of a dependency fails
/// the run; more, and several small additions pass.
const TOLERANCE: u64 = 5;

const HEAD: &str = "instructions per call on ";
const UPDATE: &str = "cargo speed --instructions --update --bin-dir target/lambda";

fn path() -> PathBuf {
    root().join("tests/instructions.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "instructions per call on one\nsign 200\nverify 1000\n";

    fn compare(machine: &str, counts: &[(&str, u64)]) -> Verdict {
        let counts = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        Reference::parse(LIST)
            .unwrap()
            .compare(machine, &counts.collect())
    }

    #[test]
    fn five_per_cent_more_pass_and_the_next_instruction_fails() {
        let passed = compare("one", &[("sign", 100), ("verify", 1050)]);
        assert!(matches!(passed, Verdict::Passed(_)), "{passed:?}");
        let Verdict::Failed(text) = compare("one", &[("sign", 100), ("verify", 1051)]) else {
            panic!("it passed");
        };
        insta::assert_snapshot!(text, @"
        | call | instructions | listed | ratio |
        | --- | ---: | ---: | ---: |
        | sign | 100 | 200 | 0.500 |
        | verify | 1051 | 1000 | 1.051 |

        verify takes 1051 instructions per call, 1.051 times the 1000 in the list

        If that is intended, write the list in a commit of its own: cargo speed --instructions --update --bin-dir target/lambda
        ");
    }

    #[test]
    fn a_call_that_only_one_side_has_fails() {
        let Verdict::Failed(text) = compare("one", &[("sign", 200), ("parse", 1)]) else {
            panic!("it passed");
        };
        assert!(text.contains("parse is not in the list"), "{text}");
        assert!(
            text.contains("verify is in the list, but was not counted"),
            "{text}"
        );
    }

    #[test]
    fn on_another_machine_nothing_is_compared_and_the_text_says_so() {
        let Verdict::NotCompared(text) = compare("two", &[("verify", 5000)]) else {
            panic!("it was compared");
        };
        assert!(
            text.contains("NOT COMPARED: the list was counted on one, and this is two"),
            "{text}"
        );
    }

    #[test]
    fn a_list_that_cannot_be_read_is_an_error() {
        assert!(Reference::parse("").is_err());
        assert!(Reference::parse("instructions per call on one\nverify many\n").is_err());
    }
}
