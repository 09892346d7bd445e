//! The elements of an XML text, and the places of its texts.

use std::ops::Range;

use quick_xml::{Reader, events::Event};

/// A part of an XML text that is printed on a line.
pub(super) struct Item {
    /// The offset in the text.
    pub offset: usize,
    /// The number of elements around it.
    pub depth: usize,
    pub kind: Kind,
}

pub(super) enum Kind {
    /// An element with its attributes.
    Element(String),
    /// A text that is not blank, without the blanks around it.
    Text(Range<usize>),
}

/// The deepest nesting that is read. Real requests use eight levels.
const MAX_DEPTH: usize = 64;

/// Lists the elements and texts of an XML text.
///
/// # Errors
/// The offset and the reason why the text is not XML.
pub(super) fn items(text: &str) -> Result<Vec<Item>, (usize, String)> {
    let mut reader = Reader::from_str(text);
    let mut items = vec![];
    let mut depth = 0;
    loop {
        let offset = position(&reader);
        let error = |why: String| (offset, why);
        match reader.read_event().map_err(|why| (offset, format!("the XML is invalid: {why}")))? {
            Event::Start(start) => {
                items.push(Item { offset, depth, kind: Kind::Element(shown(&start)) });
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(error(format!(
                        "the XML is nested more than {MAX_DEPTH} levels deep"
                    )));
                }
            }
            Event::Empty(start) => {
                items.push(Item { offset, depth, kind: Kind::Element(shown(&start)) });
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(_) | Event::CData(_) => {
                let end = position(&reader);
                let raw = &text[offset..end];
                let trimmed = raw.trim();
                if !trimmed.is_empty() {
                    let start = offset + raw.len() - raw.trim_start().len();
                    let range = start..start + trimmed.len();
                    items.push(Item { offset: start, depth, kind: Kind::Text(range) });
                }
            }
            Event::Eof if depth > 0 => return Err(error("the XML ends inside an element".into())),
            Event::Eof => return Ok(items),
            _ => {}
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn shown(start: &quick_xml::events::BytesStart<'_>) -> String {
    let name = start.name();
    let attributes = start.attributes_raw().trim_end_matches('/').trim();
    let space = if attributes.is_empty() { "" } else { " " };
    format!("{}{space}{attributes}", name.as_ref())
}
