//! Poll results as CSV (RFC 4180).

use std::fmt::Write as _;

use clap::ValueEnum;
use psom_objects::texts::is_invisible;

use crate::terminal::out;

/// The program for which the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Csv {
    /// Any program
    Plain,
    /// Excel, which needs a byte order mark to read UTF-8
    Excel,
}

/// Returns a header and a row for each choice.
pub(crate) fn table<'a>(csv: Csv, rows: impl Iterator<Item = (&'a str, i32)>) -> String {
    let mark = if csv == Csv::Excel { "\u{feff}" } else { "" };
    // Lines end with CR and LF (RFC 4180, section 2).
    let mut table = format!("{mark}choice,votes\r\n");
    for (choice, votes) in rows {
        let _ = write!(table, "{},{votes}\r\n", field(choice));
    }
    table
}

/// Writes a text as a field. A spreadsheet evaluates a field that begins like a formula, even a
/// quoted one. An apostrophe in front makes it a text.
fn field(text: &str) -> String {
    let text = out::printable(text);
    // Spreadsheets ignore invisible characters in front, and read full-width signs like others.
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || is_skipped(c));
    let formula = start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let mark = if formula { "'" } else { "" };
    let quoted = text.contains([',', '"', '\'', ' ']) || formula;
    let quote = if quoted { "\"" } else { "" };
    format!("{quote}{mark}{}{quote}", text.replace('"', "\"\""))
}

/// Reports whether spreadsheets skip a character in front of a formula. Control characters were
/// replaced by U+FFFD.
fn is_skipped(c: char) -> bool {
    is_invisible(c) || matches!(c, '\u{fff9}'..='\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        for (text, expected) in [
            ("now", "now"),
            ("a, b", "\"a, b\""),
            ("say \"yes\"", "\"say \"\"yes\"\"\""),
            ("a\nb\r", "\"a b\u{fffd}\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1", "\"' =1\""),
            ("1=1", "1=1"),
            ("\u{200b}=1", "\"'\u{200b}=1\""),
            ("\u{ad}\u{a0}+1", "\"'\u{ad}\u{a0}+1\""),
            ("\u{feff}@x", "\"'\u{feff}@x\""),
            ("＝1", "\"'＝1\""),
            ("－1", "\"'－1\""),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
