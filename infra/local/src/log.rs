//! The functions' log lines: kept for tests, and shown on the terminal with the time of day.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::clock;

/// Where the functions' log lines go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogTarget {
    /// Only kept, for `Stack::logs`.
    #[default]
    Buffer,
    /// Kept, and shown on stderr in a short form.
    Stderr,
}

/// The log lines of one stack.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    target: LogTarget,
    kept: Arc<Mutex<Kept>>,
    observe: Option<fn(&str)>,
    /// This machine's.
    zone: TimeZone,
}

/// A kept line.
#[derive(Debug, Clone)]
pub(crate) struct LogLine {
    /// Its place in the order of all lines; the first is 1.
    pub(crate) number: u64,
    /// The function that wrote it; `None` for the host.
    pub(crate) function: Option<String>,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<LogLine>,
    /// The number of the last line.
    last: u64,
}

/// Bounds the memory that a long session uses.
const KEPT_LINES: usize = 10_000;

impl Log {
    pub(crate) fn new(target: LogTarget) -> Self {
        Self {
            target,
            kept: Arc::default(),
            observe: None,
            zone: TimeZone::system(),
        }
    }

    /// Also shows each line to `observe`.
    pub(crate) fn observed_by(self, observe: Option<fn(&str)>) -> Self {
        Self { observe, ..self }
    }

    /// Returns the lines so far, as they were written.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.with_kept(|kept| kept.lines.iter().map(|line| line.text.clone()).collect())
    }

    /// Returns the lines after the one with this number that are still kept, and the
    /// number of the last one.
    pub(crate) fn after(&self, number: u64) -> (Vec<LogLine>, u64) {
        self.with_kept(|kept| {
            let after = kept.lines.iter().filter(|line| line.number > number);
            (after.cloned().collect(), kept.last)
        })
    }

    /// Records a line that a function wrote.
    pub(crate) fn function(&self, function: &str, line: &str) {
        self.keep(Some(function), line);
        if let Some(short) = shorten(line) {
            self.show(&format!("  {function:<10} {short}"));
        }
    }

    /// Records what the host has to say about a function.
    pub(crate) fn note(&self, sentence: &str) {
        self.keep(None, sentence);
        self.show(&format!("  {}", printable(sentence)));
    }

    /// Shows a request, but never its query or headers, which may contain tokens.
    pub(crate) fn request(&self, method: &str, path: &str, status: u16, took: Duration) {
        self.show(&format!(
            "{method} {} {status} {} ms",
            printable(path),
            took.as_millis()
        ));
    }

    /// Shows a mail with its code. Neither is kept: only the terminal of whoever runs the
    /// stack may have a code.
    pub(crate) fn mail(&self, subject: &str, code: Option<&str>) {
        let code = code.map(|code| format!(": {}", printable(code)));
        let code = code.unwrap_or_default();
        self.show(&format!("  mail       {}{code}", printable(subject)));
    }

    fn keep(&self, function: Option<&str>, text: &str) {
        if let Some(observe) = self.observe {
            observe(text);
        }
        self.with_kept(|kept| {
            if kept.lines.len() == KEPT_LINES {
                kept.lines.pop_front();
            }
            kept.last += 1;
            kept.lines.push_back(LogLine {
                number: kept.last,
                function: function.map(str::to_owned),
                text: text.to_owned(),
            });
        });
    }

    fn with_kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn show(&self, line: &str) {
        match self.target {
            LogTarget::Buffer => {}
            LogTarget::Stderr => {
                let time = clock::time_of_day(clock::now_millis(), &self.zone);
                // Keep serving if stderr is closed.
                drop(writeln!(std::io::stderr(), "{time} {line}"));
            }
        }
    }
}

/// Fields that are left out on the terminal; the kept lines have them.
const UNSHOWN: [&str; 7] = [
    "outcome",
    "request_id",
    "span",
    "spans",
    "target",
    "timestamp",
    "user_agent",
];

/// Shortens a JSON log line; returns nothing for metrics.
fn shorten(line: &str) -> Option<String> {
    let Ok(Value::Object(mut event)) = serde_json::from_str(line) else {
        return Some(printable(line));
    };
    if event.contains_key("_aws") {
        return None;
    }
    let mut fields = Map::new();
    if let Some(Value::Object(inner)) = event.remove("fields") {
        fields = inner;
    }
    fields.extend(event);
    let mut short = match fields.remove("level") {
        Some(level) => plain(&level),
        None => "INFO".to_owned(),
    };
    for headline in ["message", "event"] {
        if let Some(text) = fields.remove(headline) {
            short.extend([" ", &plain(&text)]);
        }
    }
    fields.retain(|name, _| !UNSHOWN.contains(&name.as_str()));
    for (name, value) in &fields {
        short.extend([" ", name, "=", &plain(value)]);
    }
    Some(short)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// Escapes control characters: a log line may quote an attacker, who must not
/// control the terminal.
fn printable(text: &str) -> String {
    let escape = |c: char| -> String {
        if c.is_control() {
            c.escape_default().collect()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_is_shortened() {
        let line = r#"{"timestamp":"t","level":"INFO","fields":{"message":"login_failed","sub":"x"},"target":"a"}"#;
        assert_eq!(shorten(line).unwrap(), "INFO login_failed sub=x");
        let line = r#"{"level":"WARN","event":"login_failed","reason":"unknown","request_id":"r"}"#;
        assert_eq!(shorten(line).unwrap(), "WARN login_failed reason=unknown");
    }

    #[test]
    fn metrics_are_not_shown() {
        assert_eq!(shorten(r#"{"_aws":{},"n":1}"#), None);
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(shorten("a\u{1b}[2Jb").unwrap(), "a\\u{1b}[2Jb");
        let line = r#"{"level":"WARN","fields":{"message":"\u001b[31m"}}"#;
        assert_eq!(shorten(line).unwrap(), "WARN \\u{1b}[31m");
    }

    #[test]
    fn the_oldest_lines_are_dropped_first() {
        let log = Log::new(LogTarget::Buffer);
        for number in 0..=KEPT_LINES {
            log.function("f", &number.to_string());
        }
        let lines = log.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (KEPT_LINES, "1"));
        let (after, last) = log.after(10_000);
        assert_eq!(
            (after.len(), after[0].text.as_str(), last),
            (1, "10000", 10_001)
        );
        assert_eq!(log.after(0).0.len(), KEPT_LINES);
        assert_eq!(log.after(last).0.len(), 0);
    }
}
