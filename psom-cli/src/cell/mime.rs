//! The parts of a MIME body.

use std::ops::Range;

/// A part: the offsets of its header lines and of its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub headers: Range<usize>,
    pub bytes: Range<usize>,
}

const LINE_END: &[u8] = b"\r\n";
const EMPTY_LINE: &[u8] = b"\r\n\r\n";

/// Reports whether bytes start like a MIME body: with a boundary, before which Word writes an empty
/// line.
pub(super) fn is_mime(bytes: &[u8]) -> bool {
    bytes.strip_prefix(LINE_END).unwrap_or(bytes).starts_with(b"--")
}

/// Returns the parts of a MIME body, or nothing if the closing boundary is absent.
pub(super) fn parts(bytes: &[u8]) -> Option<Vec<Part>> {
    let start = if bytes.starts_with(LINE_END) { LINE_END.len() } else { 0 };
    let line = find(bytes, start, LINE_END)?;
    let boundary = [LINE_END, &bytes[start..line]].concat();
    let mut parts = vec![];
    let mut place = line;
    loop {
        // The line end after the boundary belongs to the empty line of a part without headers.
        let end = find(bytes, place, &boundary)?;
        let blank = find(bytes, place, EMPTY_LINE).filter(|blank| *blank <= end)?;
        let headers = (place + LINE_END.len()).min(blank)..blank;
        let first = blank + EMPTY_LINE.len();
        parts.push(Part { headers, bytes: first..end.max(first) });
        place = end + boundary.len();
        let rest = &bytes[place..];
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        if !rest.starts_with(LINE_END) {
            return None;
        }
    }
}

fn find(bytes: &[u8], start: usize, text: &[u8]) -> Option<usize> {
    // The first byte of every searched text is a carriage return.
    let mut place = start;
    loop {
        place += bytes.get(place..)?.iter().position(|byte| *byte == text[0])?;
        if bytes[place..].starts_with(text) {
            return Some(place);
        }
        place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_headers_and_bytes() {
        let body = b"\r\n--b\r\nA: 1\r\nB: 2\r\n\r\nfirst\r\n--b\r\n\r\n-bin\r\n--b--\r\n";
        let parts = parts(body).unwrap_or_default();
        let texts =
            parts.iter().map(|part| (&body[part.headers.clone()], &body[part.bytes.clone()]));
        let expected: [(&[u8], &[u8]); 2] = [(b"A: 1\r\nB: 2", b"first"), (b"", b"-bin")];
        assert!(texts.eq(expected));
    }

    #[test]
    fn a_body_without_its_last_boundary_has_no_parts() {
        let body = b"--b\r\nA: 1\r\n\r\nfirst\r\n--b--";
        assert!(parts(body).is_some());
        for len in 0..body.len() {
            assert_eq!(parts(&body[..len]), None, "{len}");
        }
    }
}
