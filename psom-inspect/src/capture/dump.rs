//! Reads captured bytes from binary files and from the usual kinds of hex dumps.

use std::borrow::Cow;

use bytes::Bytes;

/// The error for a text that is not a hex dump.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not hex: {reason}")]
pub struct NotHex {
    /// The line, counted from 1.
    pub line: usize,
    /// The reason why the line is invalid.
    pub reason: Cow<'static, str>,
}

/// Returns the captured bytes of a file. Parses a text as a hex dump. A file with control characters
/// other than line breaks and tabs is a binary capture, because every record contains some.
///
/// A hex dump consists of hex digits in any grouping, with commas, colons, quotes and `0x`; or of
/// lines with offsets, as printed by `xxd`, `hexdump -C`, `od -t x1` and Wireshark. If lines begin
/// with `0x`, lines of prose between them are skipped.
///
/// # Errors
///
/// Returns the first line that is not a hex dump.
pub fn read(input: Vec<u8>) -> Result<Bytes, NotHex> {
    let text = match std::str::from_utf8(&input) {
        Ok(text) if !text.contains(|c: char| c.is_control() && !"\t\r\n".contains(c)) => text,
        _ => return Ok(input.into()),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    if first.and_then(offset).is_some_and(|(offset, _)| offset.is_zero()) {
        return with_offsets(text);
    }
    let marked = text.lines().any(|line| is_marked(line.trim()));
    without_offsets(text, marked).map(Bytes::from)
}

fn not_hex<T>(line: usize, reason: impl Into<Cow<'static, str>>) -> Result<T, NotHex> {
    Err(NotHex { line: line + 1, reason: reason.into() })
}

/// The offset at the start of a line.
struct Offset<'a>(&'a str);

impl Offset<'_> {
    fn is_zero(&self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }

    /// Reports whether the offset is a number of bytes, in hexadecimal or in octal, the default of `od`.
    fn is(&self, bytes: usize) -> bool {
        [16, 8].iter().any(|radix| usize::from_str_radix(self.0, *radix) == Ok(bytes))
    }
}

/// Splits a line into its offset and the rest. An offset is followed by a colon, by a gap of at
/// least two blanks, or by single bytes.
fn offset(line: &str) -> Option<(Offset<'_>, &str)> {
    let digits = line.strip_prefix("0x").unwrap_or(line);
    let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
    let (offset, rest) = digits.split_at(end);
    let gap = rest.len() - rest.trim_start().len();
    let byte = rest.split_whitespace().next().is_some_and(|word| word.len() == 2);
    let marked = rest.starts_with(':') || gap >= 2 || rest.starts_with('\t');
    let is_offset = (4..=16).contains(&end) && (marked || end >= 6 && byte);
    is_offset.then(|| (Offset(offset), rest.strip_prefix(':').unwrap_or(rest)))
}

fn with_offsets(text: &str) -> Result<Bytes, NotHex> {
    let mut bytes = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if line == "*" {
            return not_hex(
                number,
                "the dump omits repeated lines; create it with all lines (xxd, hexdump -v, od -v)",
            );
        }
        // The last line can consist of an offset only.
        let is_digits = line.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some((offset, rest)) = offset(line).or_else(|| is_digits.then_some((Offset(line), "")))
        else {
            return not_hex(number, "it does not begin with an offset like the first line");
        };
        if !offset.is(bytes.len()) {
            let expected = bytes.len();
            return not_hex(
                number,
                format!("its offset is not {expected:#x}; a line before it is missing"),
            );
        }
        columns(rest, number, &mut bytes)?;
    }
    Ok(bytes.into())
}

/// Reads the bytes of a line. Stops at the text column, which follows a gap of at least two blanks
/// or a bar.
fn columns(line: &str, number: usize, bytes: &mut Vec<u8>) -> Result<(), NotHex> {
    let start = bytes.len();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('|') {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        if !push(word, bytes) {
            return not_hex(number, format!("`{}` does not consist of whole bytes", shown(word)));
        }
        rest = tail.trim_start();
        let gap = tail.len() - rest.len();
        // `hexdump -C` separates two groups of eight bytes by two blanks.
        let halves = gap == 2 && word.len() == 2 && bytes.len() - start == 8;
        if gap >= 2 && !halves {
            break;
        }
    }
    Ok(())
}

/// Appends the bytes of a word of hex digits. Returns false if the word is not one.
fn push(word: &str, bytes: &mut Vec<u8>) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, odd) = word.as_bytes().as_chunks::<2>();
    for [high, low] in pairs {
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
        bytes.push((high << 4) | low);
    }
    odd.is_empty()
}

fn shown(word: &str) -> String {
    word.chars().take(20).collect()
}

/// Reports whether a line begins with `0x`.
fn is_marked(line: &str) -> bool {
    let line = line.trim_start_matches(['"', '\'']);
    line.starts_with("0x") || line.starts_with("0X")
}

/// Reads hex digits without offsets. If `marked` is true, only lines that begin with `0x`, and
/// their continuation lines, contain bytes.
fn without_offsets(text: &str, marked: bool) -> Result<Vec<u8>, NotHex> {
    let mut bytes = Vec::new();
    // The line and first digit of a byte that a line break splits.
    let mut half: Option<(usize, char)> = None;
    let mut continues = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || marked && !line.contains(char::is_alphanumeric) {
            continue;
        }
        let is_rest = continues && line.split(is_separator).all(is_hex);
        if marked && !is_marked(line) && !is_rest {
            if line.split_whitespace().any(is_prose) {
                continue;
            }
            return not_hex(number, "it does not begin with 0x like other lines");
        }
        let code = without_comments(line);
        let mut words = code.split(is_separator).filter(|word| !word.is_empty()).peekable();
        let open = !code.ends_with([',', ';', '"']);
        while let Some(word) = words.next() {
            let word = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
            let word = word.strip_prefix("\\x").unwrap_or(word);
            let is_last = words.peek().is_none();
            if let Some((_, first)) = half.take() {
                if !push(&format!("{first}{word}"), &mut bytes) {
                    return not_hex(
                        number,
                        format!("`{}` does not complete the byte of the line before", shown(word)),
                    );
                }
            } else if let (true, Some(digit)) = (marked && is_last && open, half_byte(word)) {
                half = Some((number, digit));
            } else if !push(&word.replace("\\x", ""), &mut bytes) {
                return not_hex(
                    number,
                    format!("`{}` does not consist of whole bytes", shown(word)),
                );
            }
        }
        continues = marked && (half.is_some() || code.ends_with(','));
    }
    match half {
        Some((number, digit)) => not_hex(number, format!("`{digit}` is half a byte")),
        None => Ok(bytes),
    }
}

/// Reports whether a word is prose and not a mistyped byte: at least three characters with a letter
/// that is not a hex digit, or punctuation only.
fn is_prose(word: &str) -> bool {
    let is_word = word.len() >= 3 && word.contains(|c: char| ('g'..='z').contains(&c));
    is_word || !word.contains(char::is_alphanumeric)
}

fn is_hex(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the digit of a word that consists of one hex digit.
fn half_byte(word: &str) -> Option<char> {
    let mut digits = word.chars();
    digits.next().filter(|digit| digit.is_ascii_hexdigit() && digits.next().is_none())
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || ",;:\"'{}".contains(c)
}

/// Removes the comments from a line of C.
fn without_comments(line: &str) -> String {
    let mut code = String::new();
    let mut rest = line.split("//").next().unwrap_or_default();
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
    }
    code.push_str(rest);
    code.trim_end().to_owned()
}
