//! What all runs together have tried, on `docs/assurance.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::long_run::grouped;

use crate::ledger::Entry;

const BEGIN: &str = "<!-- generated: long runs -->\n";
const END: &str = "<!-- end of generated -->";
const PAGE: &str = "docs/assurance.md";

/// The sum of the runs of a part.
#[derive(Debug, Default)]
struct Sum {
    runs: u64,
    failed: u64,
    seconds: u64,
    counts: BTreeMap<String, u64>,
}

/// Writes the sums of these runs into the page.
///
/// # Errors
/// If it cannot be read or written.
pub(crate) fn write(entries: &[Entry]) -> anyhow::Result<()> {
    let (before, _, after) = split()?;
    let text = format!("{before}{BEGIN}\n{}\n{END}{after}", table(entries));
    fs::write(path(), text).with_context(|| format!("{PAGE} cannot be written"))
}

/// Returns the page before the table, the table, and the rest.
fn split() -> anyhow::Result<(String, String, String)> {
    let page = fs::read_to_string(path()).with_context(|| format!("{PAGE} cannot be read"))?;
    let marks = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (table, after) = rest.split_once(END)?;
        Some((before.to_owned(), table.to_owned(), after.to_owned()))
    });
    marks.with_context(|| format!("{PAGE} has no place for the table"))
}

/// One row for each part that ran.
fn table(entries: &[Entry]) -> String {
    let mut sums = BTreeMap::<&str, Sum>::new();
    for entry in entries {
        let sum = sums.entry(&entry.part).or_default();
        sum.runs += 1;
        sum.failed += u64::from(!entry.passed);
        sum.seconds += entry.seconds;
        for (name, count) in &entry.counts {
            *sum.counts.entry(name.clone()).or_default() += count;
        }
    }
    let mut table = String::from(
        "| part | runs | of these failed | minutes | what they counted |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for (part, sum) in sums {
        let counts = sum.counts.iter();
        let counts: Vec<String> = counts
            .map(|(name, count)| format!("{} {}", grouped(*count), name.replace('_', " ")))
            .collect();
        let (runs, failed, counts) = (sum.runs, sum.failed, counts.join(", "));
        let minutes = sum.seconds.div_ceil(60);
        let row = format!("| `{part}` | {runs} | {failed} | {minutes} | {counts} |\n");
        table.push_str(&row);
    }
    table
}

fn path() -> PathBuf {
    root().join(PAGE)
}

#[cfg(test)]
mod tests {
    use gatehouse_tests::settings::setting;

    use super::*;
    use crate::ledger;

    /// Set `UPDATE_ASSURANCE` to write them again, such as after a merge.
    #[test]
    fn the_page_shows_the_sums_of_the_ledger() -> anyhow::Result<()> {
        if setting("UPDATE_ASSURANCE").is_some() {
            return write(&ledger::read()?);
        }
        let expected = format!("\n{}\n", table(&ledger::read()?));
        assert!(
            split()?.1 == expected,
            "{PAGE} is out of date: its table is\n{expected}"
        );
        Ok(())
    }

    #[test]
    fn runs_of_a_part_are_added_up_and_failures_stay_visible() {
        let entry = |passed, kills| Entry {
            date: "2026-11-27T00:00:00Z".to_owned(),
            commit: "0123456789ab".to_owned(),
            part: "kills".to_owned(),
            seed: 1,
            counts: BTreeMap::from([("kills".to_owned(), kills), ("lost_writes".to_owned(), 0)]),
            seconds: 50,
            machine: "a machine".to_owned(),
            passed,
        };
        let table = table(&[entry(true, 1_234_000), entry(false, 7)]);
        let row = "| `kills` | 2 | 1 | 2 | 1,234,007 kills, 0 lost writes |\n";
        assert!(table.ends_with(row), "{table}");
    }
}
