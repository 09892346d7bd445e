//! Output for people. Colors go only to a terminal.

use std::{
    fmt::Display,
    io::{ErrorKind, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use anstyle::{AnsiColor, Style};
use psom_objects::texts::changes_direction;

use crate::error::{CommandError, OrCannot as _, Result};

/// The style of the most important part of a line.
pub(crate) const STRONG: Style = Style::new().bold();

/// Whether the terminal is in raw mode, in which a line feed does not go to the start of a line.
static IS_RAW: AtomicBool = AtomicBool::new(false);

/// Sets whether the terminal is in raw mode.
pub(crate) fn set_raw(is_raw: bool) {
    IS_RAW.store(is_raw, Ordering::Relaxed);
}

/// Prints a line to standard output.
pub(crate) fn line(text: impl Display) -> Result {
    let mut out = anstream::stdout().lock();
    let end = if IS_RAW.load(Ordering::Relaxed) { "\r\n" } else { "\n" };
    written(write!(out, "{text}{end}").and_then(|()| out.flush()))
}

/// Copies a file to standard output.
pub(crate) fn file(file: &mut std::fs::File) -> Result {
    let mut out = std::io::stdout().lock();
    written(std::io::copy(file, &mut out).and_then(|_| out.flush()))
}

/// Writes bytes to standard output.
#[cfg(feature = "cell")]
pub(crate) fn bytes(bytes: &[u8]) -> Result {
    let mut out = std::io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints the lines of a text at once, without characters that control a terminal.
#[cfg(feature = "cell")]
pub(crate) fn tree(tree: &str) -> Result {
    let lines: Vec<_> = tree.lines().map(|line| format!("{}\n", printable(line))).collect();
    text(&lines.concat())
}

/// Prints JSON on several lines, without characters that control a terminal.
#[cfg(feature = "cell")]
pub(crate) fn json(json: &str) -> Result {
    let lines: Vec<_> = json.lines().map(|line| format!("{}\n", printable_json(line))).collect();
    text(&lines.concat())
}

/// Writes text to standard output as it is.
pub(crate) fn text(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn written(result: std::io::Result<()>) -> Result {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(CommandError::OutputClosed),
        result => result.or_cannot("write to standard output"),
    }
}

/// Prints an error to standard error.
pub(crate) fn error(message: &str) {
    let style = AnsiColor::Red.on_default().bold();
    // If standard error is closed, there is no other place for the message.
    let _ = writeln!(anstream::stderr(), "{style}error:{style:#} {}", printable(message));
}

/// Prints a message to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", printable(text));
}

/// Replaces the characters of a text that control a terminal or the direction of text.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => ' ',
        c if c.is_control() || changes_direction(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Escapes the characters of a JSON text that control a terminal or the direction of text, and those
/// that some programs take for the end of a line. They only occur inside strings.
pub(crate) fn printable_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || changes_direction(c) || matches!(c, '\u{2028}' | '\u{2029}') {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Writes ascending numbers with ranges: `1, 5-7, 9`.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    let shown = runs.map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        single => single.iter().map(usize::to_string).collect(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Writes a count with its noun: `1 slide`, `2 slides`.
pub(crate) fn counted(count: usize, singular: &str, plural: &str) -> String {
    format!("{count} {}", if count == 1 { singular } else { plural })
}

#[cfg(test)]
mod tests {
    use super::{printable, printable_json, ranges};

    #[test]
    fn numbers_are_written_as_ranges() {
        assert_eq!(ranges(&[3]), "3");
        assert_eq!(ranges(&[1, 5, 6, 7, 9]), "1, 5-7, 9");
    }

    #[test]
    fn terminal_and_bidi_controls_are_replaced() {
        let text = "a\nb\r\u{1b}[2J \u{202e}fdp\u{2066}\u{200f} \u{e9}";
        let shown = "a b\u{fffd}\u{fffd}[2J \u{fffd}fdp\u{fffd}\u{fffd} \u{e9}";
        assert_eq!(printable(text), shown);
    }

    #[test]
    fn json_stays_json_without_controls() {
        let json = "{\"a\":\"\u{9b}2J\u{2028}\u{202e}\u{e9}\"}";
        assert_eq!(printable_json(json), "{\"a\":\"\\u009b2J\\u2028\\u202e\u{e9}\"}");
    }
}
