//! Counts the outcomes of lines, and summarises them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::line::{Line, LineOutcome};
use super::report_file;
use crate::output::Status;

/// The counts of an import over all its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) imported: u64,
    pub(super) already: u64,
    pub(super) refused: u64,
    pub(super) warnings: u64,
    /// Imported users without a password.
    pub(super) without_password: u64,
    /// Users with an old id, among those imported or already there.
    pub(super) old_ids: u64,
    /// Records that are not users, by their Django model.
    pub(super) skipped: BTreeMap<String, u64>,
    /// The line, field and reason of the first refusal.
    pub(super) first_refused: Option<String>,
}

impl Tally {
    pub(super) fn count(&mut self, line: &Line, outcome: &LineOutcome) {
        let user = line.user();
        match outcome {
            LineOutcome::Imported => {
                self.imported += 1;
                let without = user.is_some_and(|user| user.password_hash.is_none());
                self.without_password += u64::from(without);
            }
            LineOutcome::Already => self.already += 1,
            LineOutcome::Refused(remark) => {
                self.refused += 1;
                self.first_refused.get_or_insert_with(|| {
                    let colon = if remark.field.is_empty() { "" } else { ": " };
                    format!(
                        "line {}: {}{colon}{}",
                        line.number, remark.field, remark.detail
                    )
                });
            }
            LineOutcome::Skipped(model) => *self.skipped.entry(model.clone()).or_default() += 1,
        }
        self.warnings += line.warnings.len() as u64;
    }

    pub(super) fn users(&self) -> u64 {
        self.imported + self.already + self.refused
    }

    pub(super) fn status(&self) -> Status {
        if self.refused == 0 {
            Status::Success
        } else {
            Status::Incomplete
        }
    }

    /// Returns the summary for the terminal.
    pub(super) fn summary(&self, file: &Path, dry_run: bool, took: Duration) -> String {
        let (imported, already, refused) = (self.imported, self.already, self.refused);
        let beside = |name| report_file::path(file, name).display().to_string();
        let mut lines = Vec::new();
        if dry_run {
            lines.push(format!(
                "Dry run, nothing was written. To import: {imported}, already there: {already}, to refuse: {refused}."
            ));
        } else {
            #[expect(
                clippy::cast_precision_loss,
                reason = "an approximate rate for the summary"
            )]
            let rate = self.users() as f64 / took.as_secs_f64().max(0.001);
            let memory = peak_memory();
            let memory = memory.map_or_else(String::new, |mib| format!(", peak memory {mib} MiB"));
            lines.push(format!(
                "Imported: {imported}, already there: {already}, refused: {refused} ({:.1} s, {rate:.0} users per second{memory}).",
                took.as_secs_f64()
            ));
        }
        if let Some(first) = &self.first_refused {
            lines.push(format!("First refusal: {first}"));
            lines.push(format!("All refused lines: {}", beside("refused.ndjson")));
        }
        if self.warnings > 0 {
            let count = self.warnings;
            lines.push(format!(
                "Warnings: {count}, in {}",
                beside("warnings.ndjson")
            ));
        }
        if self.without_password > 0 {
            let count = self.without_password;
            lines.push(format!(
                "Without a password: {count}. They cannot log in until `cargo gatehouse users recover NAME`."
            ));
        }
        if self.old_ids > 0 && !dry_run {
            lines.push(format!("Old and new ids: {}", beside("ids.csv")));
        }
        if !self.skipped.is_empty() {
            let skipped = self.skipped.iter();
            let skipped: Vec<String> = skipped
                .map(|(model, count)| format!("{model} {count}"))
                .collect();
            lines.push(format!(
                "Skipped records that are not users: {}.",
                skipped.join(", ")
            ));
        }
        lines.join("\n") + "\n"
    }
}

impl Tally {
    /// Returns the summary for scripts. A report that was not written is null.
    pub(super) fn json(&self, file: &Path, dry_run: bool) -> Value {
        let written = |count: u64, name| {
            let path = report_file::path(file, name);
            (count > 0).then(|| path.display().to_string())
        };
        let old_ids = if dry_run { 0 } else { self.old_ids };
        json!({
            "dry_run": dry_run,
            "imported": self.imported,
            "already_there": self.already,
            "refused": self.refused,
            "first_refused": self.first_refused,
            "warnings": self.warnings,
            "without_password": self.without_password,
            "skipped": self.skipped,
            "refused_file": written(self.refused, "refused.ndjson"),
            "warnings_file": written(self.warnings, "warnings.ndjson"),
            "ids_file": written(old_ids, "ids.csv"),
        })
    }
}

/// Returns the peak memory of this process in MiB, if the kernel is Linux.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024)
}
