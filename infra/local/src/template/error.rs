//! An error in a template.

/// An error in a template, with its line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TemplateError {
    /// The line, starting at 1.
    pub line: usize,
    /// What is wrong, in one sentence for the author of the template.
    pub problem: String,
}
