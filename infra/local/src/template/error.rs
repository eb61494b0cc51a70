//! What is wrong with a template.

/// What is wrong with the template, and at which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TemplateError {
    /// The line, counted from 1.
    pub line: usize,
    /// One sentence for the person who wrote the line.
    pub problem: String,
}
