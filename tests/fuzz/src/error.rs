//! What the command's modules use of its errors.

/// The codes of the command, which nothing here reads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ErrorCode {
    InvalidInput,
    Usage,
}

impl ErrorCode {
    pub(crate) fn error(self, message: impl Into<String>) -> anyhow::Error {
        anyhow::anyhow!("{self:?}: {}", message.into())
    }
}
