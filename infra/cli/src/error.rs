//! The errors of the command: a sentence for people, and a code that scripts can rely on.

use std::fmt;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use gatehouse_auth::failure::Failure as _;
use gatehouse_store::{KeyStoreError, StoreError};
use serde_json::json;

use crate::output::{self, Format};

/// What kind of error it is. The names are part of the command's interface:
/// `docs/command-line.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// The command line is invalid.
    Usage,
    /// There is no project or no stack to work on, or there are several.
    NoStack,
    /// A user, client, key or file does not exist.
    NotFound,
    /// It exists already, was changed at the same moment, or must not change.
    Conflict,
    /// Somebody has to confirm it, or pass `--yes`.
    Unconfirmed,
    /// A file, or what was typed, is invalid.
    InvalidInput,
    /// AWS, the database or a server did not do what was asked.
    Unavailable,
    /// Everything else.
    Failed,
}

impl ErrorCode {
    /// Every code.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 8] = [
        Self::Usage,
        Self::NoStack,
        Self::NotFound,
        Self::Conflict,
        Self::Unconfirmed,
        Self::InvalidInput,
        Self::Unavailable,
        Self::Failed,
    ];

    /// Returns the name that scripts see.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::NoStack => "no_stack",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unconfirmed => "unconfirmed",
            Self::InvalidInput => "invalid_input",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }

    /// Creates an error with this code.
    pub(crate) fn error(self, message: impl Into<String>) -> anyhow::Error {
        let message = message.into();
        anyhow::Error::new(CommandError {
            code: self,
            message,
        })
    }

    /// Returns the code of an error: the one that it was created with, or else the one that
    /// its causes suggest.
    fn of(error: &anyhow::Error) -> Self {
        if let Some(error) = error.downcast_ref::<CommandError>() {
            return error.code;
        }
        for cause in error.chain() {
            let transient = cause
                .downcast_ref::<StoreError>()
                .map(StoreError::is_transient);
            let keys = cause
                .downcast_ref::<KeyStoreError>()
                .map(KeyStoreError::is_transient);
            match transient.or(keys) {
                Some(true) => return Self::Unavailable,
                Some(false) => return Self::Failed,
                None => {}
            }
            let io = cause.downcast_ref::<io::Error>();
            if io.is_some_and(|error| error.kind() == ErrorKind::NotFound) {
                return Self::NotFound;
            }
        }
        Self::Failed
    }
}

impl From<ErrorCode> for ExitCode {
    fn from(code: ErrorCode) -> Self {
        match code {
            // As clap's own.
            ErrorCode::Usage => Self::from(2),
            ErrorCode::NoStack
            | ErrorCode::NotFound
            | ErrorCode::Conflict
            | ErrorCode::Unconfirmed
            | ErrorCode::InvalidInput
            | ErrorCode::Unavailable
            | ErrorCode::Failed => Self::FAILURE,
        }
    }
}

/// An error with a code.
#[derive(Debug)]
struct CommandError {
    code: ErrorCode,
    message: String,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}

/// Reports why the command failed, and returns its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let (code, message) = (ErrorCode::of(error), format!("{error:#}"));
    print(code, &message, &format!("error: {message}"));
    code.into()
}

/// Reports an invalid command line, or prints the help that was asked for.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    let rendered = error.render().to_string();
    if !error.use_stderr() {
        // A reader such as `head` may have gone.
        drop(output::print(&rendered));
        return ExitCode::SUCCESS;
    }
    // The rest is the usage, which is for people.
    let reason = rendered.split("\n\n").next().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    print(ErrorCode::Usage, &reason, rendered.trim_end());
    ErrorCode::Usage.into()
}

fn print(code: ErrorCode, message: &str, text: &str) {
    match output::format() {
        Format::Json => {
            output::stderr(
                &json!({"error": {"code": code.name(), "message": message}}).to_string(),
            );
        }
        Format::Text => output::stderr(text),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;
    use crate::project;

    #[test]
    fn a_code_survives_the_context_that_is_added_to_its_error() {
        let error = ErrorCode::NotFound.error("there is no user");
        let error = Err::<(), _>(error)
            .context("the import failed")
            .unwrap_err();
        assert_eq!(ErrorCode::of(&error), ErrorCode::NotFound);
        assert_eq!(format!("{error:#}"), "the import failed: there is no user");
    }

    #[test]
    fn other_errors_are_classified_by_their_causes() {
        let missing = io::Error::from(ErrorKind::NotFound);
        let missing = anyhow::Error::new(missing).context("users.csv");
        assert_eq!(ErrorCode::of(&missing), ErrorCode::NotFound);
        let waiting = anyhow::Error::new(KeyStoreError::NotReady);
        assert_eq!(ErrorCode::of(&waiting), ErrorCode::Unavailable);
        assert_eq!(ErrorCode::of(&anyhow::anyhow!("other")), ErrorCode::Failed);
    }

    #[test]
    fn every_code_is_documented() {
        let page = project::repository().join("docs/command-line.md");
        let page = std::fs::read_to_string(page).unwrap();
        for code in ErrorCode::ALL {
            let row = format!("| `{}` |", code.name());
            assert!(page.contains(&row), "no row for {}", code.name());
        }
    }
}
