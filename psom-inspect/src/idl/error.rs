use super::Line;

/// A text that is no interface definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, found {found}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What had to stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl ParseError {
    pub(super) fn new(Line(line): Line, expected: &str, found: &str) -> Self {
        Self { line, expected: expected.into(), found: found.into() }
    }
}
