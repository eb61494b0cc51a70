//! Findings, the result of a check.

use serde::Serialize;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

/// The result of one check, printed on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) about: String,
    pub(super) text: String,
}

impl Finding {
    pub(super) fn ok(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Ok, about, text)
    }

    pub(super) fn warn(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Warn, about, text)
    }

    pub(super) fn fail(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Fail, about, text)
    }

    fn new(level: Level, about: impl Into<String>, text: impl Into<String>) -> Self {
        // Keeps it on one line, even if an error message has several.
        let text = text.into().split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            level,
            about: about.into(),
            text,
        }
    }

    /// Puts the name of the whole before the part that the finding is about.
    pub(super) fn within(mut self, whole: &str) -> Self {
        self.about = format!("{whole} {}", self.about);
        self
    }
}
