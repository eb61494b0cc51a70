//! How large each function is, and of how many crates it consists, compared with
//! `tests/weights.txt`: both lengthen a cold start and a build.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::crates::Crates;
use gatehouse_tests::settings::setting;

/// A function's executable in KiB, and its crates.
#[derive(Clone, Copy)]
struct Weight {
    kib: u64,
    crates: usize,
}

/// Compares the functions that have just been built with the list, or writes the list if
/// `UPDATE_WEIGHTS` is set.
///
/// # Errors
/// If a function has grown, or the list names others.
pub(crate) fn compare(functions: &[String]) -> anyhow::Result<()> {
    let path = root().join("tests/weights.txt");
    let mut weights = BTreeMap::new();
    for function in functions {
        weights.insert(function.as_str(), Weight::of(function)?);
    }
    if setting("UPDATE_WEIGHTS").is_some() {
        std::fs::write(&path, table(&weights)?)?;
        return Ok(());
    }
    let list = std::fs::read_to_string(&path).context("tests/weights.txt cannot be read")?;
    let grown: Vec<String> = weights
        .iter()
        .filter_map(|(function, weight)| weight.exceeds(function, &list))
        .collect();
    ensure!(
        grown.is_empty(),
        "{}\nIf that is intended: UPDATE_WEIGHTS=1 cargo deployed",
        grown.join("\n")
    );
    Ok(())
}

impl Weight {
    fn of(function: &str) -> anyhow::Result<Self> {
        let executable = root().join("target/lambda").join(function);
        let executable = std::fs::metadata(executable.join("bootstrap"))?;
        Ok(Self {
            kib: executable.len().div_ceil(1024),
            crates: Crates::of(function)?.count(),
        })
    }

    /// Returns what is wrong, compared with the list.
    fn exceeds(self, function: &str, list: &str) -> Option<String> {
        let listed = list.lines().find_map(|line| Self::read(function, line));
        let Some(listed) = listed else {
            return Some(format!("tests/weights.txt has no line for {function}"));
        };
        let grown = self.kib * 100 > listed.kib * (100 + TOLERANCE) || self.crates > listed.crates;
        grown.then(|| {
            format!(
                "{function}: {} KiB and {} crates, where tests/weights.txt has {} and {}",
                self.kib, self.crates, listed.kib, listed.crates
            )
        })
    }

    fn read(function: &str, line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        if words.next()? != function {
            return None;
        }
        Some(Self {
            kib: words.next()?.parse().ok()?,
            crates: words.next()?.parse().ok()?,
        })
    }
}

fn table(weights: &BTreeMap<&str, Weight>) -> anyhow::Result<String> {
    let mut table = String::from("function KiB crates\n");
    for (function, Weight { kib, crates }) in weights {
        writeln!(table, "{function} {kib} {crates}")?;
    }
    Ok(table)
}

/// By how many per cent an executable may grow unnoticed: less, and a new version of the
/// compiler fails the run; more, and several small additions pass.
const TOLERANCE: u64 = 5;
