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

/// Prints why the program failed to standard error.
pub fn error(why: &str) {
    let style = AnsiColor::Red.on_default().bold();
    // Where nobody can be told, nobody is.
    let _ = writeln!(anstream::stderr(), "{style}error:{style:#} {}", printable(why));
}

/// A text from outside without what a terminal would obey.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
