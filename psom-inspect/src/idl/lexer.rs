use super::{Line, error::ParseError};

/// A word, a number, a quoted text or a sign, with its line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) text: Text<'a>,
    pub(super) line: Line,
    /// The comment directly before the token.
    pub(super) comment: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Text<'a> {
    /// Letters, digits, `_`, `.`, `-` and `+`: names and numbers.
    Word(&'a str),
    Quoted(&'a str),
    Sign(char),
    End,
}

impl Text<'_> {
    /// Formats the token for an error.
    pub(super) fn shown(self) -> String {
        // Keeps an error on one line of a terminal.
        const MAX_CHARS: usize = 40;
        match self {
            Self::Word(word) => format!("`{}`", word.chars().take(MAX_CHARS).collect::<String>()),
            Self::Quoted(text) => format!("{:?}", text.chars().take(MAX_CHARS).collect::<String>()),
            Self::Sign(sign) => format!("`{}`", sign.escape_default()),
            Self::End => "the end of the text".into(),
        }
    }
}

/// Splits a text into tokens.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, ParseError> {
        let comment = self.skip_blanks()?;
        let line = Line(self.line);
        let text = match self.rest.chars().next() {
            None => Text::End,
            Some('"') => {
                let (text, rest) = self.rest[1..]
                    .split_once('"')
                    .filter(|(text, _)| !text.contains('\n'))
                    .ok_or_else(|| ParseError::new(line, "a closing `\"`", "none on the line"))?;
                self.rest = rest;
                Text::Quoted(text)
            }
            Some(first) => {
                let in_word = |c: char| c.is_alphanumeric() || "_.-+".contains(c);
                let end = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
                // Any other character is a sign of its own.
                let (word, rest) = self.rest.split_at(end.max(first.len_utf8()));
                self.rest = rest;
                if in_word(first) { Text::Word(word) } else { Text::Sign(first) }
            }
        };
        Ok(Token { text, line, comment })
    }

    /// Skips blanks and comments; returns the last comment.
    fn skip_blanks(&mut self) -> Result<Option<&'a str>, ParseError> {
        let mut last = None;
        loop {
            let trimmed = self.rest.trim_start();
            self.advance(self.rest.len() - trimmed.len());
            if let Some(comment) = trimmed.strip_prefix("//") {
                let end = comment.find('\n').unwrap_or(comment.len());
                self.advance("//".len() + end);
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return Err(ParseError::new(Line(self.line), "`*/`", "the end of the text"));
                };
                last = Some(comment[..end].trim());
                self.advance("/*".len() + end + "*/".len());
            } else {
                return Ok(last);
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}
