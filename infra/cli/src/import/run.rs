//! One run of an import, batch after batch.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::{Context as _, bail};
use gatehouse_auth::user::User;
use gatehouse_edge::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::arguments::Arguments;
use super::batch;
use super::checkpoint::{Checkpoint, Identity};
use super::line::{Line, LineOutcome};
use super::report_file::{self, ReportFile};
use super::tables::ImportTables;
use super::taken_keys::TakenKeys;
use super::tally::Tally;
use crate::output::notice;
use crate::user_file::{Entries, Remark, Source};

/// A file on its way into a stack.
pub(super) struct Run<'a> {
    arguments: &'a Arguments,
    tables: &'a ImportTables,
    pace: Pace,
}

/// How much is done between two checkpoints, and how much of it at once.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Entries between two checkpoints: all that is in memory, and all that a run
    /// which resumes looks at twice.
    pub(super) batch: usize,
    /// Writes under way at once. A table on demand accepts a few hundred users a
    /// second at first; more would be throttled.
    pub(super) at_once: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 256,
            at_once: 16,
        }
    }
}

/// The files that a run writes beside its own.
struct Reports {
    refused: ReportFile,
    warnings: ReportFile,
    ids: ReportFile,
}

#[derive(Serialize)]
struct ReportLine<'a> {
    line: u64,
    #[serde(flatten)]
    remark: &'a Remark,
}

impl<'a> Run<'a> {
    pub(super) fn new(arguments: &'a Arguments, tables: &'a ImportTables, pace: Pace) -> Self {
        Self {
            arguments,
            tables,
            pace,
        }
    }

    /// Imports the file, from where an earlier run was interrupted.
    pub(super) async fn import(&self) -> anyhow::Result<Tally> {
        let Arguments { file, dry_run, .. } = self.arguments;
        let source = Source::scan(file, self.arguments.encoding)?;
        if let Some(encoding) = source.guessed {
            notice(&format!(
                "The file is not UTF-8; it is read as {encoding}. If names are wrong, say what it is with --encoding."
            ));
        }
        let mut checkpoint = self.checkpoint(&source).await?;
        let mut reports = Reports {
            refused: ReportFile::open(
                report_file::path(file, "refused.ndjson"),
                checkpoint.refused,
            )?,
            warnings: ReportFile::open(
                report_file::path(file, "warnings.ndjson"),
                checkpoint.warnings,
            )?,
            ids: ReportFile::open(report_file::path(file, "ids.csv"), checkpoint.ids)?,
        };
        let bar = bar(source.size);
        let read = Rc::new(Cell::new(0));
        let at = {
            let read = Rc::clone(&read);
            move |bytes| read.set(read.get() + bytes)
        };
        let mut entries = source.entries(&self.arguments.columns, at)?;
        for _ in 0..checkpoint.entries {
            entries
                .next()
                .transpose()
                .context("the file cannot be read")?;
        }
        let mut taken = TakenKeys::default();
        while let Some(lines) = self.batch(&mut entries)? {
            let outcomes = self.decide(&lines, &mut taken).await?;
            for (line, outcome) in lines.iter().zip(&outcomes) {
                checkpoint.tally.count(line, outcome);
                if let (LineOutcome::Imported | LineOutcome::Already, Some(user)) =
                    (outcome, line.user())
                {
                    checkpoint.last = Some(user.sub.clone());
                    checkpoint.tally.old_ids += u64::from(user.external_id.is_some());
                }
                reports.note(line, outcome, *dry_run)?;
            }
            checkpoint.entries += lines.len() as u64;
            reports.flush(&mut checkpoint)?;
            if !dry_run {
                checkpoint.save(file)?;
            }
            bar.set_position(read.get());
        }
        bar.finish_and_clear();
        if checkpoint.tally.users() == 0 {
            bail!("there is nobody in {}", file.display());
        }
        if !dry_run {
            Checkpoint::remove(file)?;
        }
        Ok(checkpoint.tally)
    }

    async fn checkpoint(&self, source: &Source) -> anyhow::Result<Checkpoint> {
        let Arguments { file, dry_run, .. } = self.arguments;
        let (columns, encoding) = (&self.arguments.columns, self.arguments.encoding);
        let of = Identity {
            digest: source.digest.clone(),
            stack: self.tables.stack.clone(),
            options: format!(
                "{columns:?} {:?}",
                encoding.map(encoding_rs::Encoding::name)
            ),
        };
        let fresh = Checkpoint {
            of,
            ..Checkpoint::default()
        };
        let Some(left) = Checkpoint::read(file)? else {
            return Ok(fresh);
        };
        if *dry_run {
            bail!(
                "an import of {} was interrupted: run it again without --dry-run first",
                file.display()
            );
        }
        let same_table = match &left.last {
            Some(last) => self.tables.has(last).await?,
            None => true,
        };
        if left.of != fresh.of || !same_table {
            notice(
                "An interrupted import had another file, other options or other tables: this one starts at the first line.",
            );
            return Ok(fresh);
        }
        notice(&format!("Resuming after {} entries.", left.entries));
        Ok(left)
    }

    fn batch(&self, entries: &mut Entries) -> anyhow::Result<Option<Vec<Line>>> {
        let now = Clock::System.now();
        let mut lines = Vec::new();
        for entry in entries.by_ref().take(self.pace.batch) {
            lines.push(Line::read(entry.context("the file cannot be read")?, now));
        }
        Ok((!lines.is_empty()).then_some(lines))
    }

    async fn decide(
        &self,
        lines: &[Line],
        taken: &mut TakenKeys,
    ) -> anyhow::Result<Vec<LineOutcome>> {
        let dry_run = self.arguments.dry_run;
        let call = async |user: &User| {
            if dry_run {
                self.tables.foresee(user).await
            } else {
                self.tables.import(user).await
            }
        };
        let mut imported = batch::run(lines, self.pace.at_once, call).await?;
        let decide = |(index, line): (usize, &Line)| match &line.user {
            Err(reason) => Ok(reason.into()),
            Ok(user) => {
                let imported = imported.remove(&index);
                let imported = imported.context("a line was not imported")?;
                Ok(if dry_run {
                    taken.decide(line, user, imported)
                } else {
                    line.outcome(imported)
                })
            }
        };
        lines.iter().enumerate().map(decide).collect()
    }
}

impl Reports {
    fn note(&mut self, line: &Line, outcome: &LineOutcome, dry_run: bool) -> anyhow::Result<()> {
        let number = line.number;
        let text = |remark| {
            serde_json::to_vec(&ReportLine {
                line: number,
                remark,
            })
        };
        if let LineOutcome::Refused(remark) = outcome {
            self.refused.line("", &text(remark)?)?;
        }
        for remark in &line.warnings {
            self.warnings.line("", &text(remark)?)?;
        }
        let old = line
            .user()
            .and_then(|user| Some((user.external_id.as_ref()?, &user.sub)));
        let (Some((old, new)), LineOutcome::Imported | LineOutcome::Already) = (old, outcome)
        else {
            return Ok(());
        };
        if !dry_run {
            let mut row = csv::WriterBuilder::new().from_writer(Vec::new());
            row.write_record([old.as_str(), new.as_str()])?;
            let row = row.into_inner().context("a row of ids cannot be written")?;
            self.ids.line("external_id,id\n", row.trim_ascii_end())?;
        }
        Ok(())
    }

    fn flush(&mut self, checkpoint: &mut Checkpoint) -> anyhow::Result<()> {
        checkpoint.refused = self.refused.flush()?;
        checkpoint.warnings = self.warnings.flush()?;
        checkpoint.ids = self.ids.flush()?;
        Ok(())
    }
}

/// Shown only on a terminal.
fn bar(size: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}% {elapsed} (of {duration})");
    let bar = ProgressBar::new(size);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
