//! Which sessions a logout ends.

use gatehouse_edge::{FieldError, Problem, Request};

/// Which sessions a logout ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogoutScope {
    /// This one.
    Local,
    /// All except this one.
    Others,
    /// All.
    Global,
}

impl LogoutScope {
    /// Reads the body. An empty body means this session.
    ///
    /// # Errors
    /// If the body is malformed, or its scope is unknown.
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        match request
            .json_or_empty(|fields| fields.optional_text("scope"))?
            .as_deref()
        {
            None | Some("local") => Ok(Self::Local),
            Some("others") => Ok(Self::Others),
            Some("global") => Ok(Self::Global),
            Some(_) => {
                let detail = "must be local, others or global";
                Err(Problem::validation_failed(vec![FieldError::new(
                    "scope", "unknown", detail,
                )]))
            }
        }
    }

    /// Returns the name that requests and logs use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Others => "others",
            Self::Global => "global",
        }
    }
}
