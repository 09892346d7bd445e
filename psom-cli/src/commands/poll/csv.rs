//! Poll results as CSV (RFC 4180).

use crate::{error::Result, terminal::out};

/// Prints a header and a row for each choice.
pub(super) fn write<'a>(rows: impl Iterator<Item = (&'a str, i32)>) -> Result {
    // Lines end with CR and LF (RFC 4180, section 2).
    out::line("choice,votes\r")?;
    for (choice, votes) in rows {
        out::line(format_args!("{},{votes}\r", field(choice)))?;
    }
    Ok(())
}

/// Writes a text as a field. A spreadsheet evaluates a field that begins like a formula, even a
/// quoted one. An apostrophe in front makes it a text.
fn field(text: &str) -> String {
    let text = out::printable(text);
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']);
    let mark = if formula { "'" } else { "" };
    let quoted = text.contains([',', '"', '\'', ' ']) || formula;
    let quote = if quoted { "\"" } else { "" };
    format!("{quote}{mark}{}{quote}", text.replace('"', "\"\""))
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
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
