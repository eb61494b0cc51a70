//! What the service promises and which tests keep it, as listed in `tests/requirements.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::binaries::root;

/// The list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// Its parts, in order.
    #[serde(rename = "part")]
    pub parts: Vec<Part>,
}

/// Requirements about one thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What they are about.
    pub title: String,
    /// The requirements, in order.
    #[serde(rename = "requirement")]
    pub requirements: Vec<Requirement>,
}

/// One promise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its number, which never changes.
    pub number: usize,
    /// The promise, in a sentence.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// The tests that CI runs.
    pub tests: Vec<String>,
    /// Further tests, which only the long run runs.
    #[serde(default)]
    pub long: Vec<String>,
    /// The file name of the decision that replaced it, without `.md`.
    pub superseded: Option<String>,
    /// What the tests do not show.
    pub lacks: Option<String>,
}

/// A test function in the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// How many functions have the name.
    pub times: usize,
    /// Whether one of them is ignored unless asked for.
    pub ignored: bool,
}

impl Requirements {
    /// Reads the list.
    ///
    /// # Errors
    /// If it cannot be read or is malformed.
    pub fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(root().join("tests/requirements.toml"))?;
        toml::from_str(&text).context("tests/requirements.toml is malformed")
    }

    /// Returns all requirements, in order.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.parts.iter().flat_map(|part| &part.requirements)
    }

    /// Returns the names of the tests that CI runs.
    #[must_use]
    pub fn tests(&self) -> BTreeSet<&str> {
        let names = self.all().flat_map(|requirement| &requirement.tests);
        names.map(String::as_str).collect()
    }

    /// Returns a line for each name that is not what the list says: missing in the sources,
    /// there twice, or ignored although CI is to run it.
    #[must_use]
    pub fn disagreements(&self, declared: &BTreeMap<String, Declared>) -> Vec<String> {
        let mut lines = Vec::new();
        for requirement in self.all() {
            let tests = requirement.tests.iter().map(|name| (name, true));
            let long = requirement.long.iter().map(|name| (name, false));
            for (name, in_ci) in tests.chain(long) {
                let what = match declared.get(name) {
                    None => "does not exist",
                    Some(Declared { times: 2.., .. }) => "is the name of several tests",
                    Some(Declared { ignored: true, .. }) if in_ci => "is ignored",
                    Some(_) => continue,
                };
                lines.push(format!("{}: {name} {what}", requirement.number));
            }
            if requirement.tests.is_empty() && requirement.superseded.is_none() {
                lines.push(format!("{}: there is no test", requirement.number));
            }
        }
        lines
    }

    /// Returns the tests of the list that do not pass in the logs of `cargo test`.
    #[must_use]
    pub fn not_passed(&self, logs: &str) -> Vec<&str> {
        let passed = passed(logs);
        let mut names: Vec<&str> = self.tests().into_iter().collect();
        names.retain(|name| !passed.contains(name));
        names
    }

    /// Writes the table of numbers: one row for each part.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::from(
            "| part | requirements | with tests in CI | tests | superseded | tests show only a part |\n\
             | --- | --- | --- | --- | --- | --- |\n",
        );
        let parts = self.parts.iter();
        let rows = parts.map(|part| (part.title.as_str(), part.requirements.iter().collect()));
        for (title, requirements) in rows.chain([("**all**", self.all().collect())]) {
            let requirements: Vec<&Requirement> = requirements;
            let count = |is: fn(&Requirement) -> bool| {
                let counted = requirements.iter().filter(|requirement| is(requirement));
                counted.count()
            };
            let tests = requirements.iter().flat_map(|one| &one.tests);
            let _ = writeln!(
                text,
                "| {title} | {} | {} | {} | {} | {} |",
                requirements.len(),
                count(|one| !one.tests.is_empty()),
                tests.collect::<BTreeSet<_>>().len(),
                count(|one| one.superseded.is_some()),
                count(|one| one.lacks.is_some()),
            );
        }
        text
    }

    /// Writes the tables of requirements: a heading and a table for each part.
    #[must_use]
    pub fn tables(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let _ = write!(
                text,
                "\n## {}\n\n| | requirement | source | tests | superseded by |\n\
                 | --- | --- | --- | --- | --- |\n",
                part.title
            );
            for requirement in &part.requirements {
                let _ = writeln!(text, "{}", requirement.row());
            }
        }
        text
    }
}

impl Requirement {
    fn row(&self) -> String {
        let quoted = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let mut tests = quoted(&self.tests);
        if !self.long.is_empty() {
            let _ = write!(tests, "; in the long run {}", quoted(&self.long));
        }
        if let Some(lacks) = &self.lacks {
            let _ = write!(tests, " (not shown: {lacks})");
        }
        let superseded = self.superseded.as_deref().map_or_else(String::new, |file| {
            let number = file.split('-').next().unwrap_or(file);
            let number = number.trim_start_matches('0');
            format!("[decision {number}](../decisions/{file}.md)")
        });
        let (number, text, source) = (self.number, &self.text, &self.source);
        format!("| {number} | {text} | {source} | {tests} | {superseded} |")
    }
}

/// Reads the names of all test functions in the sources.
///
/// # Errors
/// If the sources cannot be read.
pub fn declared() -> anyhow::Result<BTreeMap<String, Declared>> {
    let mut declared = BTreeMap::new();
    for folder in ["shared", "functions", "infra", "tests"] {
        read_folder(&root().join(folder), &mut declared)?;
    }
    Ok(declared)
}

fn read_folder(folder: &Path, declared: &mut BTreeMap<String, Declared>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, declared)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            read_source(&std::fs::read_to_string(path)?, declared);
        }
    }
    Ok(())
}

/// Finds test functions by the attributes above them.
fn read_source(source: &str, declared: &mut BTreeMap<String, Declared>) {
    let (mut is_test, mut ignored) = (false, false);
    for line in source.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        ignored |= line.starts_with("#[ignore");
        let line = line.strip_prefix("async ").unwrap_or(line);
        let Some((name, _)) = line
            .strip_prefix("fn ")
            .and_then(|rest| rest.split_once('('))
        else {
            continue;
        };
        if is_test {
            let unknown = Declared {
                times: 0,
                ignored: false,
            };
            let one = declared.entry(name.to_owned()).or_insert(unknown);
            one.times += 1;
            one.ignored |= ignored;
        }
        (is_test, ignored) = (false, false);
    }
}

/// Returns the functions' names of the tests that a log of `cargo test` reports as passed.
///
/// What other processes print may come between a test's name and its result.
fn passed(log: &str) -> BTreeSet<&str> {
    let (mut passed, mut begun) = (BTreeSet::new(), None);
    for line in log.lines() {
        if let Some((path, result)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.split_once(" ... "))
        {
            let name = path.rsplit("::").next().unwrap_or(path);
            let is_over = result.starts_with("ignored") || result == "FAILED";
            begun = (!is_over).then_some(name);
            if result != "ok" {
                continue;
            }
        } else if line != "ok" {
            continue;
        }
        passed.extend(begun.take());
    }
    passed
}

#[cfg(test)]
mod tests;
