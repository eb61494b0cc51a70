//! One run of an import, in batches.

use anyhow::Context as _;
use gatehouse_edge::Clock;
use serde::Serialize;

use super::arguments::Arguments;
use super::batch;
use super::checkpoint::{Checkpoint, Identity};
use super::line::{Line, LineOutcome};
use super::report_file::{self, ReportFile};
use super::tables::ImportTables;
use super::taken_keys::TakenKeys;
use super::tally::Tally;
use crate::error::ErrorCode;
use crate::output::notice;
use crate::progress;
use crate::user_file::{Entries, Remark, Source};

/// The import of a file into a stack.
pub(super) struct Run<'a> {
    arguments: &'a Arguments,
    tables: &'a ImportTables,
    pace: Pace,
}

/// The size of a batch, and the number of concurrent transactions.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// The number of entries between two checkpoints. This many are in memory, and a resumed
    /// run processes at most this many again.
    pub(super) batch: usize,
    /// The highest number of concurrent transactions, of about 20 users each. An on-demand table
    /// accepts a few hundred users per second at first: while it throttles, there are fewer.
    pub(super) concurrency: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 1_024,
            concurrency: 4,
        }
    }
}

/// The reports that a run writes.
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

    /// Imports the file, or resumes an interrupted run.
    pub(super) async fn import(&self) -> anyhow::Result<Tally> {
        let Arguments { file, dry_run, .. } = self.arguments;
        let source = Source::scan(file, self.arguments.encoding)?;
        if let Some(encoding) = source.guessed {
            notice(&format!(
                "The file is not UTF-8, so it is read as {encoding}. If names look wrong, specify the encoding with --encoding."
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
        progress::set_total(source.size);
        let mut entries = source.entries(&self.arguments.columns, progress::advance)?;
        for _ in 0..checkpoint.entries {
            entries.next().transpose().context("cannot read the file")?;
        }
        let mut taken = TakenKeys::default();
        let mut concurrency = self.pace.concurrency;
        while let Some(lines) = self.batch(&mut entries)? {
            let outcomes = self.decide(&lines, concurrency, &mut taken).await?;
            concurrency = if self.tables.take_retried() {
                (concurrency / 2).max(1)
            } else {
                (concurrency + 1).min(self.pace.concurrency)
            };
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
        }
        if checkpoint.tally.users() == 0 {
            let message = format!("{} contains no users", file.display());
            return Err(ErrorCode::InvalidInput.error(message));
        }
        if !dry_run {
            Checkpoint::remove(file)?;
        }
        Ok(checkpoint.tally)
    }

    async fn checkpoint(&self, source: &Source) -> anyhow::Result<Checkpoint> {
        let Arguments { file, dry_run, .. } = self.arguments;
        let (columns, encoding) = (&self.arguments.columns, self.arguments.encoding);
        let identity = Identity {
            digest: source.digest.clone(),
            stack: self.tables.stack.clone(),
            options: format!(
                "{columns:?} {:?}",
                encoding.map(encoding_rs::Encoding::name)
            ),
        };
        let fresh = Checkpoint {
            identity,
            ..Checkpoint::default()
        };
        let Some(left) = Checkpoint::read(file)? else {
            return Ok(fresh);
        };
        if *dry_run {
            return Err(ErrorCode::Conflict.error(format!(
                "an import of {} was interrupted: first finish it without --dry-run",
                file.display()
            )));
        }
        let same_table = match &left.last {
            Some(last) => self.tables.has(last).await?,
            None => true,
        };
        if left.identity != fresh.identity || !same_table {
            notice(
                "The interrupted import had a different file, options or tables, so this one starts from the first line.",
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
            lines.push(Line::read(entry.context("cannot read the file")?, now));
        }
        Ok((!lines.is_empty()).then_some(lines))
    }

    async fn decide(
        &self,
        lines: &[Line],
        concurrency: usize,
        taken: &mut TakenKeys,
    ) -> anyhow::Result<Vec<LineOutcome>> {
        let (dry_run, now) = (self.arguments.dry_run, Clock::System.now());
        let call = async |batch| {
            if dry_run {
                self.tables.foresee(batch, now).await
            } else {
                self.tables.import(batch, now).await
            }
        };
        let mut imported = batch::run(lines, concurrency, call).await?;
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
            let row = row.into_inner().context("cannot write a row of ids")?;
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
