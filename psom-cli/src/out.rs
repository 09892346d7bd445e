//! What goes to the terminal. Colours go only where there is one.

use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use crate::failure::{Failure, Result, While};

/// What is most important in a line.
pub const STRONG: Style = Style::new().bold();

/// Prints a line to standard output.
pub fn line(text: impl std::fmt::Display) -> Result {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::NobodyListens),
        result => result.or_cannot("write to standard output"),
    }
}

/// Writes a whole file to standard output.
pub fn file(file: &mut std::fs::File) -> Result {
    let mut out = std::io::stdout().lock();
    match std::io::copy(file, &mut out).and_then(|_| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::NobodyListens),
        result => result.or_cannot("write to standard output"),
    }
}

/// Prints why the program failed to standard error.
pub fn error(why: &str) {
    let style = AnsiColor::Red.on_default().bold();
    // Where nobody can be told, nobody is.
    let _ = writeln!(anstream::stderr(), "{style}error:{style:#} {}", printable(why));
}

/// Prints a line that is no result to standard error.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", printable(text));
}

/// A text from outside without what a terminal would obey.
pub fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => ' ',
        c if c.is_control() || turns(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Numbers in ascending order, as people write them: `1, 5-7, 9`.
pub fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    let shown = runs.map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        alone => alone.iter().map(usize::to_string).collect(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Whether a character turns the order of letters round, which lets a text look like another.
pub fn turns(c: char) -> bool {
    psom_objects::texts::changes_direction(c)
}

#[cfg(test)]
mod tests {
    use super::{printable, ranges};

    #[test]
    fn numbers_are_written_as_ranges() {
        assert_eq!(ranges(&[3]), "3");
        assert_eq!(ranges(&[1, 5, 6, 7, 9]), "1, 5-7, 9");
    }

    #[test]
    fn nothing_from_outside_moves_the_cursor_or_turns_letters_round() {
        let text = "a\nb\r\u{1b}[2J \u{202e}fdp\u{2066}\u{200f} \u{e9}";
        let shown = "a b\u{fffd}\u{fffd}[2J \u{fffd}fdp\u{fffd}\u{fffd} \u{e9}";
        assert_eq!(printable(text), shown);
    }
}
