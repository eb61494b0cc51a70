//! Which sessions a logout ends.

use gatehouse_edge::{FieldError, Problem, Request};

/// Which sessions a logout ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogoutScope {
    /// This one.
    Local,
    /// All but this one.
    Others,
    /// All.
    Global,
}

impl LogoutScope {
    /// Reads the body; an empty one means this session.
    ///
    /// # Errors
    /// A [`Problem`] when the body cannot be read, or names no such scope.
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        match request
            .json_or_empty(|fields| fields.optional_text("scope"))?
            .as_deref()
        {
            None | Some("local") => Ok(Self::Local),
            Some("others") => Ok(Self::Others),
            Some("global") => Ok(Self::Global),
            Some(_) => {
                let detail = "one of local, others and global";
                Err(Problem::validation_failed(vec![FieldError::new(
                    "scope", "unknown", detail,
                )]))
            }
        }
    }

    /// Names the scope, as requests and logs do.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Others => "others",
            Self::Global => "global",
        }
    }
}
