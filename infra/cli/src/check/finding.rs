//! What a check has found.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
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
        // One line each, whatever an error says.
        let text = text.into().split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            level,
            about: about.into(),
            text,
        }
    }

    /// The same finding about something within a larger thing.
    pub(super) fn within(mut self, whole: &str) -> Self {
        self.about = format!("{whole} {}", self.about);
        self
    }
}
