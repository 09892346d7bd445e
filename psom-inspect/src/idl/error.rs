use super::Line;

/// The text is not an interface definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, found {found}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// The expected text.
    pub expected: String,
    /// The text that was found.
    pub found: String,
}

impl ParseError {
    pub(super) fn new(Line(line): Line, expected: &str, found: &str) -> Self {
        Self { line, expected: expected.into(), found: found.into() }
    }
}
