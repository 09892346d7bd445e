//! The body of an HTTP request or answer: XML or MTOM with messages inside.

use std::{fmt::Write as _, ops::Range};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use fsshttpb::{atom::Blob, message::Message, print};
use serde::{Deserialize, Serialize};

use super::{mime, xml};
use crate::error::{CommandError, Result};

/// A body as a sequence of pieces, so that it can be written with the same bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pieces: Vec<BodyPiece>,
    /// The lines of the printed tree. A body that was read from JSON has none.
    #[serde(skip)]
    lines: Vec<BodyLine>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BodyPiece {
    /// Text in UTF-8.
    Text(String),
    /// Bytes that are not UTF-8.
    Bytes(Blob),
    /// A message in binary form.
    Message(Message),
    /// A message in base64.
    Base64(Message),
}

#[derive(Debug)]
struct BodyLine {
    offset: usize,
    depth: usize,
    text: String,
    /// The message below the line.
    message: Option<Found>,
}

/// A message in a body.
#[derive(Debug)]
struct Found {
    message: Message,
    in_base64: bool,
}

/// The number of bytes of a message before its first object.
const PREFIX_BYTES: usize = 12;
/// The longest text of an element that is printed, in characters.
const MAX_SHOWN_CHARS: usize = 80;

impl Body {
    /// Reports whether bytes start like XML or like a MIME body.
    pub(crate) fn is_body(bytes: &[u8]) -> bool {
        mime::is_mime(bytes) || without_mark(bytes).trim_ascii_start().starts_with(b"<")
    }

    /// Reads a body.
    ///
    /// # Errors
    /// The offset and the rule that the bytes break.
    pub(crate) fn read(bytes: &Bytes) -> Result<Self> {
        let mut builder = Builder { bytes, done: 0, pieces: vec![], lines: vec![] };
        if mime::is_mime(bytes) {
            let parts = mime::parts(bytes)
                .ok_or_else(|| error(bytes.len(), "the MIME body has no closing boundary"))?;
            for part in parts {
                builder.part(part)?;
            }
        } else {
            builder.xml(0..bytes.len(), 0)?;
        }
        Ok(builder.finish())
    }

    /// Reports whether bytes are a message in base64 without XML around it.
    pub(crate) fn is_base64(bytes: &[u8]) -> bool {
        std::str::from_utf8(bytes).is_ok_and(|text| decode_base64(text.trim()).is_some())
    }

    /// Reads a message in base64 without XML around it.
    pub(crate) fn from_base64(bytes: &Bytes) -> Option<Result<Self>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let start = text.len() - text.trim_start().len();
        let text = text.trim();
        decode_base64(text)?;
        let mut builder = Builder { bytes, done: 0, pieces: vec![], lines: vec![] };
        Some(builder.base64(start, text, 0).map(|()| builder.finish()))
    }

    /// Returns the body's bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![];
        for piece in &self.pieces {
            match piece {
                BodyPiece::Text(text) => bytes.extend(text.as_bytes()),
                BodyPiece::Bytes(piece) => bytes.extend(&piece[..]),
                BodyPiece::Message(message) => bytes.extend(message.to_bytes()),
                BodyPiece::Base64(message) => {
                    bytes.extend(BASE64_STANDARD.encode(message.to_bytes()).as_bytes());
                }
            }
        }
        bytes
    }

    /// Returns the messages in the order of their bytes.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.lines.iter().filter_map(|line| line.message.as_ref()).map(|found| &found.message)
    }

    /// Returns the tree.
    pub(crate) fn print(&self) -> String {
        let mut text = String::new();
        for BodyLine { offset, depth, text: line, message } in &self.lines {
            let indent = depth * 2;
            // Writing into a string does not fail.
            let _ = writeln!(text, "{offset:06x} {:indent$}{line}", "");
            if let Some(found) = message {
                for line in print::message(&found.message).lines() {
                    let _ = writeln!(text, "       {:indent$}  {line}", "");
                }
            }
        }
        text
    }

    /// Rejects objects that a reader tolerates although they break a rule.
    ///
    /// # Errors
    /// The offset and the rule that the first such object breaks.
    pub(crate) fn check(&self) -> Result {
        for line in &self.lines {
            if let Some(found) = &line.message {
                print::check(found.message.root(), PREFIX_BYTES)
                    .map_err(|why| message_error(line.offset, found.in_base64, &why))?;
            }
        }
        Ok(())
    }
}

/// Removes a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

fn error(offset: usize, why: impl std::fmt::Display) -> CommandError {
    CommandError::new(format!("offset {offset:#x}: {why}"))
}

fn message_error(start: usize, in_base64: bool, why: &fsshttpb::DecodeError) -> CommandError {
    if in_base64 {
        return error(start, format_args!("in the message in base64, {why}"));
    }
    error(start + why.offset, &why.rule)
}

/// Decodes base64 with line breaks, if it contains a message.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String;
    let text = if text.contains(char::is_whitespace) {
        compact = text.split_whitespace().collect();
        &compact
    } else {
        text
    };
    BASE64_STANDARD.decode(text).ok().filter(|bytes| Message::is_message(bytes))
}

struct Builder<'a> {
    bytes: &'a Bytes,
    /// The end of the bytes that the pieces contain.
    done: usize,
    pieces: Vec<BodyPiece>,
    lines: Vec<BodyLine>,
}

impl Builder<'_> {
    fn line(&mut self, offset: usize, depth: usize, text: String) {
        self.lines.push(BodyLine { offset, depth, text, message: None });
    }

    /// Adds the bytes before `end` that are in no piece.
    fn flush(&mut self, end: usize) {
        if self.done < end {
            let bytes = self.bytes.slice(self.done..end);
            self.pieces.push(match std::str::from_utf8(&bytes) {
                Ok(text) => BodyPiece::Text(text.to_owned()),
                Err(_) => BodyPiece::Bytes(Blob(bytes)),
            });
        }
        self.done = end;
    }

    fn part(&mut self, part: mime::Part) -> Result {
        let headers = String::from_utf8_lossy(&self.bytes[part.headers.clone()]);
        let headers = headers.split("\r\n").collect::<Vec<_>>().join("; ");
        self.line(part.headers.start, 0, format!("part {headers}"));
        let bytes = self.bytes.slice(part.bytes.clone());
        if Message::is_message(&bytes) {
            self.message(part.bytes, 1)
        } else if Body::is_body(&bytes) && !mime::is_mime(&bytes) {
            self.xml(part.bytes, 1)
        } else {
            self.line(part.bytes.start, 1, format!("{} bytes", bytes.len()));
            Ok(())
        }
    }

    fn message(&mut self, range: Range<usize>, depth: usize) -> Result {
        self.flush(range.start);
        let bytes = self.bytes.slice(range.clone());
        let message =
            Message::read_shared(bytes).map_err(|why| message_error(range.start, false, &why))?;
        self.pieces.push(BodyPiece::Message(message.clone()));
        self.done = range.end;
        self.found(range.start, depth, range.len(), message, false);
        Ok(())
    }

    fn found(
        &mut self,
        offset: usize,
        depth: usize,
        len: usize,
        message: Message,
        in_base64: bool,
    ) {
        let base64 = if in_base64 { " in base64" } else { "" };
        let text = format!("{}{base64}, {len} bytes", message.kind());
        let message = Some(Found { message, in_base64 });
        self.lines.push(BodyLine { offset, depth, text, message });
    }

    fn base64(&mut self, start: usize, text: &str, depth: usize) -> Result {
        let Some(bytes) = decode_base64(text) else { return Ok(()) };
        let len = bytes.len();
        let is_canonical = BASE64_STANDARD.encode(&bytes) == text;
        let message =
            Message::read_shared(bytes.into()).map_err(|why| message_error(start, true, &why))?;
        // Base64 in another spelling, such as on several lines, stays a text.
        if is_canonical {
            self.flush(start);
            self.pieces.push(BodyPiece::Base64(message.clone()));
            self.done = start + text.len();
        }
        self.found(start, depth, len, message, true);
        Ok(())
    }

    fn xml(&mut self, range: Range<usize>, depth: usize) -> Result {
        let bytes = self.bytes.clone();
        let bytes = &bytes[range.clone()];
        let start = range.end - without_mark(bytes).len();
        let text = std::str::from_utf8(without_mark(bytes))
            .map_err(|why| error(start + why.valid_up_to(), "the XML is not UTF-8"))?;
        let items = xml::items(text).map_err(|(offset, why)| error(start + offset, why))?;
        for item in items {
            let (offset, depth) = (start + item.offset, depth + item.depth);
            match item.kind {
                xml::Kind::Element(element) => self.line(offset, depth, element),
                xml::Kind::Text(range) => {
                    let text = &text[range];
                    if decode_base64(text).is_some() {
                        self.base64(offset, text, depth)?;
                        continue;
                    }
                    let shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
                    let more = if shown.len() < text.len() { "..." } else { "" };
                    self.line(offset, depth, format!("'{}{more}'", shown.escape_debug()));
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Body {
        self.flush(self.bytes.len());
        Body { pieces: self.pieces, lines: self.lines }
    }
}
