//! A sequence diagram, drawn from text.
//!
//! A line is one of: `title`, `desc` (for screen readers), `participant ID NAME`,
//! `ID > ID TEXT` (a request), `ID < ID TEXT` (its response), `note ID TEXT`, and
//! `section TEXT`. `\n` in a text breaks the line.

use anyhow::{Context as _, bail};

use crate::svg::{Align, Drawing, LINE, MARGIN, widest, width};

/// Who sends what to whom, from top to bottom.
#[derive(Default)]
pub(crate) struct Sequence {
    title: String,
    description: String,
    participants: Vec<Participant>,
    steps: Vec<Step>,
}

struct Participant {
    id: String,
    name: String,
}

enum Step {
    Message(Message),
    Note { at: usize, lines: Vec<String> },
    Section(String),
}

struct Message {
    from: usize,
    to: usize,
    class: &'static str,
    lines: Vec<String>,
}

impl Sequence {
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut sequence = Self::default();
        for line in text.lines() {
            sequence.read(line).context(line.to_owned())?;
        }
        Ok(sequence)
    }

    fn read(&mut self, line: &str) -> anyhow::Result<()> {
        let (word, rest) = line.split_once(' ').context("a word is missing")?;
        let step = match word {
            "title" => {
                rest.clone_into(&mut self.title);
                return Ok(());
            }
            "desc" => {
                rest.clone_into(&mut self.description);
                return Ok(());
            }
            "participant" => {
                let (id, name) = rest.split_once(' ').context("the name is missing")?;
                let (id, name) = (id.to_owned(), name.to_owned());
                self.participants.push(Participant { id, name });
                return Ok(());
            }
            "section" => Step::Section(rest.to_owned()),
            "note" => {
                let (id, text) = rest.split_once(' ').context("the text is missing")?;
                let (at, lines) = (self.index(id)?, lines(text));
                Step::Note { at, lines }
            }
            left => self.message(left, rest)?,
        };
        self.steps.push(step);
        Ok(())
    }

    fn message(&self, left: &str, rest: &str) -> anyhow::Result<Step> {
        let (arrow, rest) = rest.split_once(' ').context("the arrow is missing")?;
        let (right, text) = rest.split_once(' ').context("the text is missing")?;
        let (left, right) = (self.index(left)?, self.index(right)?);
        let (from, to, class) = match arrow {
            ">" => (left, right, "request"),
            "<" => (right, left, "response"),
            _ => bail!("{arrow} is not an arrow"),
        };
        let lines = lines(text);
        Ok(Step::Message(Message {
            from,
            to,
            class,
            lines,
        }))
    }

    fn index(&self, id: &str) -> anyhow::Result<usize> {
        let found = self.participants.iter().position(|known| known.id == id);
        found.with_context(|| format!("{id} is not a participant"))
    }

    /// The middle of each column, far enough apart for what is written between them.
    fn columns(&self) -> Vec<u32> {
        let mut columns: Vec<u32> = Vec::new();
        let mut half_before = 0;
        for (index, participant) in self.participants.iter().enumerate() {
            let half = width(&participant.name) / 2 + 10;
            let mut at = match columns.last() {
                Some(before) => before + half_before + half + 16,
                None => MARGIN + half,
            };
            for step in &self.steps {
                at = at.max(step.least(index, &columns));
            }
            columns.push(at);
            half_before = half;
        }
        columns
    }

    pub(crate) fn draw(&self) -> anyhow::Result<String> {
        let columns = self.columns();
        let mut right = 0;
        let mut head = Drawing::new();
        for (x, participant) in columns.iter().zip(&self.participants) {
            let half = width(&participant.name) / 2 + 10;
            right = right.max(x + half);
            head.rectangle("box", (x - half, 16, 2 * half, 36));
            head.text(Align::Middle, (*x, 39), &[&participant.name]);
        }
        for step in &self.steps {
            right = right.max(match step {
                Step::Section(text) => MARGIN + 20 + width(text) * 21 / 20,
                Step::Note { at, lines } => middle(&columns, *at) + widest(lines) / 2 + 8,
                Step::Message(_) => 0,
            });
        }
        let mut body = Drawing::new();
        let mut y = 74;
        for step in &self.steps {
            y = step.draw(&mut body, &columns, right, y)?;
        }
        let mut drawing = Drawing::new();
        for x in &columns {
            drawing.add(&format!(
                "<line class=\"life\" x1=\"{x}\" y1=\"52\" x2=\"{x}\" y2=\"{y}\"/>"
            ));
        }
        drawing.append(&head);
        drawing.append(&body);
        let texts = (self.title.as_str(), self.description.as_str());
        Ok(drawing.finish(texts, (right + MARGIN, y + MARGIN)))
    }
}

impl Step {
    /// Where the column has to be at least, so that the step fits to its left.
    fn least(&self, column: usize, columns: &[u32]) -> u32 {
        match self {
            Self::Message(message) if message.from.max(message.to) == column => {
                middle(columns, message.from.min(message.to)) + widest(&message.lines) + 28
            }
            Self::Note { at, lines } if *at + 1 == column => {
                middle(columns, *at) + widest(lines) / 2 + 20
            }
            Self::Note { at, lines } if *at == column => {
                let left = column
                    .checked_sub(1)
                    .map_or(0, |before| middle(columns, before));
                left + widest(lines) / 2 + 28
            }
            Self::Message(_) | Self::Note { .. } | Self::Section(_) => 0,
        }
    }

    /// Draws the step below this height, and returns where the next one begins.
    fn draw(
        &self,
        drawing: &mut Drawing,
        columns: &[u32],
        right: u32,
        y: u32,
    ) -> anyhow::Result<u32> {
        match self {
            Self::Section(text) => {
                drawing.rectangle("section", (MARGIN, y, right - MARGIN, 28));
                drawing.heading((MARGIN + 10, y + 19), text);
                Ok(y + 38)
            }
            Self::Note { at, lines } => {
                let (x, wide) = (middle(columns, *at), widest(lines) + 16);
                let tall = LINE * u32::try_from(lines.len())? + 10;
                drawing.rectangle("note", (x - wide / 2, y, wide, tall));
                drawing.text(Align::Middle, (x, y + LINE + 1), lines);
                Ok(y + tall + 10)
            }
            Self::Message(message) => {
                let (from, to) = (middle(columns, message.from), middle(columns, message.to));
                let at = (from.min(to) + 12, y + 13);
                drawing.text(Align::Start, at, &message.lines);
                let below = y + LINE * u32::try_from(message.lines.len())? + 2;
                drawing.arrow(message.class, (from, to), below);
                Ok(below + 14)
            }
        }
    }
}

/// The middle of a column that is already placed.
fn middle(columns: &[u32], index: usize) -> u32 {
    columns.get(index).copied().unwrap_or_default()
}

fn lines(text: &str) -> Vec<String> {
    text.split("\\n").map(str::to_owned).collect()
}
