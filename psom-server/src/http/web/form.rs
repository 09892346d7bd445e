//! Finds the file in a form, `multipart/form-data` (RFC 7578), while the form arrives. It buffers at most
//! the last chunk and the head of one part, never the body of a part.

use bytes::{Buf, Bytes, BytesMut};

/// Length limit of the head of a part in bytes.
const MAX_HEAD_BYTES: usize = 8 << 10;

/// The limit of parts in a form.
const MAX_PARTS: usize = 100;

/// The limit of blanks after a boundary.
const MAX_BLANKS: usize = 64;

/// A form that arrives in chunks.
pub(super) struct Form {
    /// The end of a part: a line end, two dashes, the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    position: FormPosition,
    parts: usize,
    has_file: bool,
}

enum FormPosition {
    /// Before the first part, or in a part other than the file.
    Outside,
    /// In the body of the file.
    File,
    /// After a delimiter.
    Delimiter,
    /// In the head of a part.
    Head,
    /// After the last part.
    End,
}

/// The reason why a body is not a form with a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl Form {
    /// Returns a form for this content type, or `None` if it is another type.
    pub(super) fn new(content_type: &str) -> Option<Self> {
        let (kind, rest) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(rest, "boundary")?;
        let is_good = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if !(1..=70).contains(&boundary.len()) || !boundary.bytes().all(is_good) {
            return None;
        }
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first delimiter has no line end before it.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        Some(Self { delimiter, buffer, position: FormPosition::Outside, parts: 0, has_file: false })
    }

    /// Adds the next bytes of the body.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if !matches!(self.position, FormPosition::End) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Returns the next bytes of the file among the added ones.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Malformed> {
        loop {
            match self.position {
                FormPosition::Outside | FormPosition::File => {
                    let is_file = matches!(self.position, FormPosition::File);
                    let found = find(&self.buffer, &self.delimiter);
                    let data = self.buffer.split_to(found.unwrap_or_else(|| self.certain()));
                    if found.is_some() {
                        self.buffer.advance(self.delimiter.len());
                        self.position = FormPosition::Delimiter;
                    }
                    if is_file && !data.is_empty() {
                        return Ok(Some(data.freeze()));
                    }
                    if found.is_none() {
                        return Ok(None);
                    }
                }
                FormPosition::Delimiter => {
                    if self.buffer.starts_with(b"--") {
                        self.position = FormPosition::End;
                        continue;
                    }
                    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
                    let blanks = self.buffer.iter().take_while(|byte| is_blank(byte)).count();
                    let rest = &self.buffer[blanks..];
                    if blanks > MAX_BLANKS
                        || !(b"\r\n".starts_with(rest) || rest.starts_with(b"\r\n"))
                    {
                        // A single dash can be the first of two.
                        if blanks == 0 && rest == b"-" {
                            return Ok(None);
                        }
                        return Err(Malformed("there are characters after a boundary"));
                    }
                    if rest.len() < 2 {
                        return Ok(None);
                    }
                    // The line end stays, because an empty head ends with it.
                    self.buffer.advance(blanks);
                    self.parts += 1;
                    if self.parts > MAX_PARTS {
                        return Err(Malformed("the form has too many parts"));
                    }
                    self.position = FormPosition::Head;
                }
                FormPosition::Head => {
                    const END: &[u8] = b"\r\n\r\n";
                    let found = find(&self.buffer, END);
                    if found.unwrap_or(self.buffer.len()) > MAX_HEAD_BYTES {
                        return Err(Malformed("the head of a part is too long"));
                    }
                    let Some(length) = found else { return Ok(None) };
                    let head = self.buffer.split_to(length);
                    self.buffer.advance(END.len());
                    // In a part without a body, the end of the head belongs to the delimiter too.
                    let is_file = !self.has_file && names_file(&head);
                    self.has_file |= is_file;
                    self.position =
                        if is_file { FormPosition::File } else { FormPosition::Outside };
                }
                FormPosition::End => {
                    self.buffer.clear();
                    return Ok(None);
                }
            }
        }
    }

    /// Checks that the form is complete and has a file.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        match self.position {
            FormPosition::End if self.has_file => Ok(()),
            FormPosition::End => Err(Malformed("there is no file in the form")),
            _ => Err(Malformed("the form is truncated")),
        }
    }

    /// Returns the number of bytes that cannot belong to a delimiter.
    fn certain(&self) -> usize {
        let tail = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
        // A boundary has no line end, so only the last line end can begin a delimiter.
        let last = self.buffer[tail..].iter().rposition(|byte| *byte == b'\r');
        match last.map(|last| tail + last) {
            Some(last) if self.delimiter.starts_with(&self.buffer[last..]) => last,
            _ => self.buffer.len(),
        }
    }
}

/// Returns the position of a pattern that begins with a line end.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(next) = bytes[from..].iter().position(|byte| *byte == b'\r') {
        if bytes[from + next..].starts_with(what) {
            return Some(from + next);
        }
        from += next + 1;
    }
    None
}

/// Reports whether the part with this head is a file. A browser sends an empty name without a file.
fn names_file(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let Some((kind, rest)) = disposition.and_then(|value| value.split_once(';')) else {
        return false;
    };
    let named = |name| parameter(rest, name).is_some_and(|value| !value.is_empty());
    kind.trim().eq_ignore_ascii_case("form-data") && (named("filename") || named("filename*"))
}

/// Returns a parameter of a header: `name=value; other="value with; anything"`. Only an escaped quote
/// is unescaped, because browsers send Windows paths with plain backslashes.
fn parameter(mut text: &str, wanted: &str) -> Option<String> {
    loop {
        let (name, rest) = text.split_once('=')?;
        let rest = rest.trim_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut before = ' ';
                let end = quoted.find(|c| {
                    let is_end = c == '"' && before != '\\';
                    before = c;
                    is_end
                })?;
                (quoted[..end].replace("\\\"", "\""), &quoted[end + 1..])
            }
            None => {
                let end = rest.find(';').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        // The previous parameter ends before the name.
        let name = name.rsplit(';').next().unwrap_or(name);
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        text = rest;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=X-17";

    /// Parses a body in chunks of this size, and returns the largest number of buffered bytes as well.
    fn read(body: &[u8], size: usize) -> (Result<Vec<u8>, Malformed>, usize) {
        let mut form = Form::new(TYPE).unwrap();
        let (mut file, mut kept) = (Vec::new(), 0);
        for piece in body.chunks(size) {
            form.feed(piece);
            loop {
                match form.next() {
                    Ok(Some(data)) => file.extend_from_slice(&data),
                    Ok(None) => break,
                    Err(error) => return (Err(error), kept),
                }
            }
            kept = kept.max(form.buffer.len());
        }
        (form.end().map(|()| file), kept)
    }

    fn part(disposition: &str, body: &str) -> String {
        format!("--X-17\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{body}\r\n")
    }

    #[test]
    fn first_file_is_found_for_every_chunk_size() {
        let content = "a\r\n--X-1\r\r\n-\r\n--X--17\r\n\r\n--\r";
        let body = [
            "preamble\r\n".to_owned(),
            part("name=\"note\"", "not a file; filename=\"x\""),
            part("name=\"none\"; filename=\"\"", ""),
            part("name=\"a\"; filename=\"a;\\\"b\\\".txt\"\r\nContent-Type: text/plain", content),
            part("name=\"b\"; filename=\"second.txt\"", "another"),
            "--X-17--\r\nepilogue --X-17".to_owned(),
        ]
        .concat();
        for size in 1..=body.len() {
            let (file, kept) = read(body.as_bytes(), size);
            assert_eq!(file.unwrap(), content.as_bytes(), "{size}");
            assert!(kept <= 200, "{kept} bytes are kept of pieces of {size}");
        }
    }

    #[test]
    fn large_parts_are_not_buffered() {
        let large = "\r\n".repeat(500_000);
        let body = [part("name=\"a\"", &large), part("name=\"b\"; filename=\"b\"", &large)];
        let body = body.concat() + "--X-17--";
        let (file, kept) = read(body.as_bytes(), 1000);
        assert_eq!(file.unwrap(), large.as_bytes());
        assert!(kept < 200, "{kept}");
    }

    #[test]
    fn files_are_distinguished_from_fields() {
        for (disposition, is_file) in [
            ("name=\"a\"; filename=\"a\"", true),
            ("NAME=a; FileName=a", true),
            ("filename = \"C:\\dir\\a.txt\"", true),
            ("name=\"a\"; filename*=UTF-8''%e2%82%ac.txt", true),
            ("name=\"ü\"; filename=\"ü\"", true),
            ("name=\"filename=b\"", false),
            ("name=\"x; filename=b\"", false),
            ("name=\"x\\\"; filename=b\"", false),
            ("name=\"a\"; filename=\"\"", false),
            ("name=\"a\"; filename=\"a", false),
            ("name", false),
            ("", false),
        ] {
            let body = part(disposition, "content") + "--X-17--";
            assert_eq!(read(body.as_bytes(), 7).0.is_ok(), is_file, "{disposition}");
        }
        let other = part("", "").replace("form-data; ", "attachment; filename=\"a\"") + "--X-17--";
        assert!(read(other.as_bytes(), 7).0.is_err());
    }

    #[test]
    fn malformed_forms_are_refused() {
        let good = part("filename=\"a\"", "content");
        for (body, why) in [
            (String::new(), "the form is truncated"),
            ("--X-17--".into(), "there is no file in the form"),
            (good.clone(), "the form is truncated"),
            (good.clone() + "--X-17-", "the form is truncated"),
            (good.clone() + "--X-17", "the form is truncated"),
            (good.clone() + "--X-17x", "there are characters after a boundary"),
            (good.clone() + "--X-17-x", "there are characters after a boundary"),
            (format!("--X-17{}", " ".repeat(65)), "there are characters after a boundary"),
            (format!("--X-17\r\nA: {}", "x".repeat(9000)), "the head of a part is too long"),
            (part("name=\"a\"", "").repeat(101), "the form has too many parts"),
        ] {
            for size in [1, 10_000] {
                assert_eq!(read(body.as_bytes(), size).0, Err(Malformed(why)), "{body:.80}");
            }
        }
        let blanks = good.replace("--X-17\r\n", "--X-17 \t \r\n") + "--X-17--";
        assert_eq!(read(blanks.as_bytes(), 1).0.unwrap(), b"content");
    }

    #[test]
    fn form_needs_a_boundary() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for (content_type, is_form) in [
            (TYPE, true),
            ("Multipart/Form-Data;charset=utf-8; Boundary=\"a b\"", true),
            ("multipart/form-data", false),
            ("multipart/form-data; boundary=", false),
            ("multipart/form-data; boundary=\"\r\n\"", false),
            ("multipart/form-data; boundary=ä", false),
            ("multipart/mixed; boundary=X", false),
            ("application/x-www-form-urlencoded", false),
            (&long, false),
        ] {
            assert_eq!(Form::new(content_type).is_some(), is_form, "{content_type}");
        }
    }
}
