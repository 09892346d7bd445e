//! Trees as text: each line gives the offset, the object and its values, then in brackets the
//! type, the length of the data and the kind of header.

use std::fmt::{self, Write as _};

use crate::{
    error::{DecodeError, Rule},
    message::{Message, Request},
    object::{Body, Element, Line, ObjectTable as _, lines},
};

/// The number of bytes before the first object of a message.
const PREFIX_BYTES: usize = 12;
/// The number of bytes of the short start.
const SHORT_HEADER_BYTES: usize = 2;

/// Returns the tree of a message.
pub fn message(message: &Message) -> String {
    let (version, lowest, signature) = match message {
        Message::Request(request) => (request.version, request.lowest_version, Request::SIGNATURE),
        Message::Response(response) => {
            (response.version, response.lowest_version, Request::SIGNATURE | 1)
        }
    };
    let kind = message.kind();
    let prefix =
        format!("000000 {kind} version {version} minimum {lowest} signature {signature:#x}\n");
    format!("{prefix}{}", element(message.root(), PREFIX_BYTES))
}

/// Returns the tree of an element whose first byte is at `offset`.
pub fn element(element: &Element, offset: usize) -> String {
    let mut text = String::new();
    for line in lines(element, offset) {
        // Writing into a string does not fail.
        let _ = print_line(&mut text, &line);
    }
    text
}

fn print_line(text: &mut String, line: &Line<'_>) -> fmt::Result {
    let info = line.element.info();
    write!(text, "{:06x} {:indent$}", line.offset, "", indent = (line.depth + 1) * 2)?;
    let Some(len) = line.data_len else {
        return writeln!(text, "end {} ({} byte)", info.name, line.header_len);
    };
    let values = Values(line.element.body()).to_string();
    let space = if values.is_empty() { "" } else { " " };
    let compound = if info.compound { "compound " } else { "" };
    let bits = if line.header_len == SHORT_HEADER_BYTES { 16 } else { 32 };
    let number = info.number;
    writeln!(text, "{}{space}{values}  [{number:#x} {compound}len {len}, {bits}-bit]", info.name)
}

/// The values of an object.
struct Values<'a>(&'a Body);

impl fmt::Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.print(f)
    }
}

/// Checks an element strictly: unknown types, objects in the wrong place and forms that are not the
/// shortest are errors, although a reader accepts them.
///
/// # Errors
/// Returns the first such object.
pub fn check(element: &Element, offset: usize) -> Result<(), DecodeError> {
    for line in lines(element, offset) {
        let error = |rule| Err(DecodeError::new(line.offset, rule));
        let info = line.element.info();
        if matches!(line.element.body(), Body::Unknown(_)) {
            return error(Rule::UnknownType(info.number));
        }
        if !line.element.is_shortest() {
            return error(Rule::NotShortest);
        }
        if let Some(parent) = line.parent.map(Element::info)
            && !parent.children.contains(&info.number)
        {
            return error(Rule::Nesting { child: info.name, parent: parent.name });
        }
    }
    Ok(())
}
