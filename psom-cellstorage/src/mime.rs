//! Bodies of the type `multipart/related` (RFC 2387), as MTOM uses them.

use bytes::Bytes;

use crate::error::SoapError;

/// The maximum number of parts of a body. Office sends one for the XML and one for each large binary value.
const MAX_PARTS: usize = 256;

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The Content-ID without angle brackets.
    pub id: String,
    /// The bytes.
    pub body: Bytes,
}

/// Returns a parameter of a Content-Type, such as `boundary`.
fn parameter(content_type: &str, name: &str) -> Option<String> {
    let mut rest = content_type;
    loop {
        rest = rest.split_once(';')?.1.trim_start();
        let (key, value) = rest.split_once('=')?;
        let key = key.trim();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = after;
    }
}

/// Reports whether a Content-Type is `multipart/related`.
pub fn is_multipart(content_type: &str) -> bool {
    content_type.trim_start().to_ascii_lowercase().starts_with("multipart/related")
}

/// Reads the parts of a body. The root part is the first one of the result.
pub(crate) fn read(content_type: &str, body: &Bytes) -> Result<Vec<Part>, SoapError> {
    let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let boundary = boundary.ok_or(SoapError::Multipart("the boundary is absent"))?;
    let delimiter = format!("--{boundary}").into_bytes();
    let mut parts = vec![];
    let cut = SoapError::Multipart("the last boundary is absent");
    let mut at = find(body, &delimiter, 0).ok_or_else(|| cut.clone())? + delimiter.len();
    loop {
        if body[at..].starts_with(b"--") {
            break;
        }
        let end = find(body, b"\n", at).ok_or_else(|| cut.clone())? + 1;
        // The line end before a boundary belongs to the boundary. It can directly follow the line of
        // the previous boundary, so the search begins one byte before the part.
        let next = next_delimiter(body, &delimiter, end).ok_or_else(|| cut.clone())?;
        parts.push(part(body, end, next)?);
        if parts.len() > MAX_PARTS {
            return Err(SoapError::Multipart("it has too many parts"));
        }
        at = find(body, &delimiter, next).ok_or_else(|| cut.clone())? + delimiter.len();
    }
    let start = parameter(content_type, "start");
    let start = start.as_deref().map(|id| id.trim_matches(['<', '>']));
    if let Some(root) = start.and_then(|id| parts.iter().position(|part| part.id == id)) {
        parts.swap(0, root);
    }
    if parts.is_empty() { Err(SoapError::Multipart("it has no parts")) } else { Ok(parts) }
}

/// Returns the position of the line end before the next boundary.
fn next_delimiter(body: &[u8], delimiter: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = find(body, delimiter, at)?;
        let line = &body[from.saturating_sub(1)..found];
        if line.ends_with(b"\r\n") {
            return Some((found - 2).max(from));
        }
        if line.ends_with(b"\n") {
            return Some((found - 1).max(from));
        }
        at = found + 1;
    }
}

fn part(body: &Bytes, from: usize, to: usize) -> Result<Part, SoapError> {
    let mut id = String::new();
    let mut at = from;
    loop {
        let absent = SoapError::Multipart("the headers of a part have no end");
        let end = find(&body[..to], b"\n", at).ok_or(absent)?;
        let line = String::from_utf8_lossy(&body[at..end]);
        let line = line.trim_end();
        at = end + 1;
        if line.is_empty() {
            return Ok(Part { id, body: body.slice(at..to) });
        }
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-id")
        {
            id = value.trim().trim_matches(['<', '>']).to_owned();
        }
    }
}

fn find(bytes: &[u8], pattern: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, pattern).map(|found| from + found)
}

/// Writes a body in the form that Word accepts. Returns its Content-Type and the bytes.
///
/// The boundary has to be absent from all parts. It contains `unique`, which the caller derives
/// from random numbers or from a hash of the parts.
pub(crate) fn write(xml: &str, parts: &[Part], unique: &str) -> (String, Vec<u8>) {
    let boundary = format!("urn:uuid:{unique}");
    let root = "http://tempuri.org/0";
    let mut body = Vec::with_capacity(
        xml.len() + parts.iter().map(|part| part.body.len() + 256).sum::<usize>() + 512,
    );
    let text = |text: &str, body: &mut Vec<u8>| body.extend_from_slice(text.as_bytes());
    text(
        &format!(
            "\r\n--{boundary}\r\nContent-ID: <{root}>\r\nContent-Transfer-Encoding: 8bit\r\n\
             Content-Type: application/xop+xml;charset=utf-8;type=\"text/xml\"\r\n\r\n{xml}"
        ),
        &mut body,
    );
    for part in parts {
        text(
            &format!(
                "\r\n--{boundary}\r\nContent-ID: <{}>\r\nContent-Transfer-Encoding: binary\r\n\
                 Content-Type: application/octet-stream\r\n\r\n",
                part.id
            ),
            &mut body,
        );
        body.extend_from_slice(&part.body);
    }
    text(&format!("\r\n--{boundary}--\r\n"), &mut body);
    let content_type = format!(
        "multipart/related; type=\"application/xop+xml\"; boundary=\"{boundary}\"; \
         start=\"<{root}>\"; start-info=\"text/xml\""
    );
    (content_type, body)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn parts_come_back_with_their_bytes() {
        let parts = [
            Part { id: "http://tempuri.org/1".into(), body: Bytes::from_static(b"\r\n--urn\r\n") },
            Part { id: "http://tempuri.org/2".into(), body: Bytes::new() },
        ];
        let (content_type, body) = write("<a/>", &parts, "7e");
        assert!(is_multipart(&content_type) && body.starts_with(b"\r\n--urn:uuid:7e\r\n"));
        let read = read(&content_type, &body.into()).unwrap();
        assert_eq!(&read[0].body[..], b"<a/>");
        assert_eq!(read[1..], parts);
    }

    #[test]
    fn damaged_bodies_are_errors() {
        let (content_type, body) = write("<a/>", &[], "7e");
        for len in 0..body.len() - 2 {
            let cut = Bytes::copy_from_slice(&body[..len]);
            assert!(read(&content_type, &cut).is_err(), "{len}");
        }
        let body = Bytes::from(body);
        assert!(read("multipart/related", &body).is_err());
        assert!(read("multipart/related; boundary=other", &body).is_err());
        assert!(read("multipart/related; boundary=\"\"", &body).is_err());
        assert!(read(&content_type, &Bytes::from_static(b"--urn:uuid:7e--")).is_err());
    }
}
