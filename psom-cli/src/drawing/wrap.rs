//! Breaking texts into lines (UAX 14), at the boundaries of grapheme clusters (UAX 29).

use unicode_linebreak::linebreaks;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The characters after which a new line always begins. CR LF is one of them.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Breaks a text into lines of at most `longest` ems. Lines break at the places that UAX 14 allows, and
/// a word that is longer than a line breaks between grapheme clusters. Spaces at the end of a line take
/// no room.
pub(super) fn wrap(text: &str, longest: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.replace("\r\n", "\n").split(LINE_ENDS) {
        wrap_paragraph(paragraph, longest, &mut lines);
    }
    lines
}

fn wrap_paragraph(paragraph: &str, longest: f64, lines: &mut Vec<String>) {
    let mut line = String::new();
    let mut start = 0;
    for (end, _) in linebreaks(paragraph) {
        // A word with the spaces behind it.
        let part = &paragraph[start..end];
        start = end;
        let word = part.trim_end();
        if ems(&line) + ems(word) > longest && !line.is_empty() {
            finish(&mut line, lines);
        }
        if ems(word) <= longest {
            line.push_str(part);
            continue;
        }
        for cluster in part.graphemes(true) {
            let is_space = cluster.trim().is_empty();
            if !is_space && !line.is_empty() && ems(&line) + ems(cluster) > longest {
                finish(&mut line, lines);
            }
            line.push_str(cluster);
        }
    }
    lines.push(line.trim_end().to_owned());
}

/// Adds a line, without the spaces at its end. A line that consists of spaces is dropped.
fn finish(line: &mut String, lines: &mut Vec<String>) {
    let text = std::mem::take(line);
    let text = text.trim_end();
    if !text.is_empty() {
        lines.push(text.to_owned());
    }
}

/// Estimates the width of a text, in units of its font's size.
pub(super) fn ems(text: &str) -> f64 {
    text.graphemes(true).map(cluster_ems).sum()
}

fn cluster_ems(cluster: &str) -> f64 {
    match (cluster.width(), cluster.chars().next()) {
        (0, Some('\t')) => 0.32,
        (0, _) | (_, None) => 0.0,
        (1, Some(first)) => match first {
            'i' | 'j' | 'l' | 't' | 'f' | ' ' | '.' | ',' | '\'' | '!' | '|' | ':' | ';' => 0.32,
            'm' | 'w' | 'M' | 'W' | '@' => 0.95,
            'A'..='Z' => 0.7,
            _ => 0.58,
        },
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_stay_whole() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        for (cluster, per_line) in [
            (family, 2),
            ("1\u{fe0f}\u{20e3}", 2),
            ("\u{1f1e9}\u{1f1ea}", 2),
            ("\u{1f44d}\u{1f3fd}", 2),
            ("e\u{302}\u{323}", 3),
            ("\u{915}\u{93f}", 3),
            ("\u{1112}\u{1161}\u{11ab}", 2),
        ] {
            let lines = wrap(&cluster.repeat(7), 2.0);
            let whole = cluster.repeat(per_line);
            assert!(lines.iter().all(|line| whole.starts_with(line)), "{cluster:?} {lines:?}");
            assert_eq!(lines.concat(), cluster.repeat(7));
            assert!(lines.len() >= 7usize.div_ceil(per_line), "{lines:?}");
        }
    }

    #[test]
    fn spaces_at_the_margin_leave_no_blank_line() {
        assert_eq!(wrap("abc    def", 2.0), ["abc", "def"]);
        assert_eq!(wrap("   abcdef", 2.0), ["abc", "def"]);
        assert_eq!(wrap("abc\u{3000}\u{3000}\u{3000}def", 2.0), ["abc", "def"]);
        assert_eq!(wrap("abc      ", 2.0), ["abc"]);
        assert_eq!(wrap("a b c", 100.0), ["a b c"]);
    }

    #[test]
    fn blank_lines_of_the_author_stay() {
        assert_eq!(wrap("a\n\nb\r\nc\u{2028}d", 100.0), ["a", "", "b", "c", "d"]);
        assert_eq!(wrap("a\n", 100.0), ["a", ""]);
    }

    #[test]
    fn lines_break_where_writing_allows_it() {
        assert_eq!(wrap("well-known", 4.0), ["well-", "known"]);
        // No line begins with a full stop or ends with an opening bracket.
        assert_eq!(wrap("\u{6f22}\u{5b57}\u{3002}", 2.0), ["\u{6f22}", "\u{5b57}\u{3002}"]);
        assert_eq!(wrap("\u{6f22}\u{300c}\u{5b57}", 2.0), ["\u{6f22}", "\u{300c}\u{5b57}"]);
        assert_eq!(wrap("a\u{a0}b c", 2.0), ["a\u{a0}b", "c"]);
    }
}
