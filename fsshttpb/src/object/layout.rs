//! A walk over an element in the order of its bytes, with offsets.

use super::Element;
use crate::atom::Writer;

/// A start or an end in the bytes of an element.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The element that starts or ends.
    pub element: &'a Element,
    /// The element that contains it.
    pub parent: Option<&'a Element>,
    /// The offset of the first byte.
    pub offset: usize,
    /// The number of elements around it.
    pub depth: usize,
    /// The number of bytes of the start without the data, or of the end.
    pub header_len: usize,
    /// The number of bytes of data, or `None` for an end.
    pub data_len: Option<usize>,
}

/// Lists the starts and ends of an element whose first byte is at `offset`.
pub fn lines(element: &Element, offset: usize) -> Vec<Line<'_>> {
    let mut lines = vec![];
    visit(element, None, offset, 0, &mut lines);
    lines
}

fn visit<'a>(
    element: &'a Element,
    parent: Option<&'a Element>,
    offset: usize,
    depth: usize,
    lines: &mut Vec<Line<'a>>,
) -> usize {
    let header_len = Writer::count(|writer| element.write_header(writer));
    let data_len = element.data_len();
    lines.push(Line { element, parent, offset, depth, header_len, data_len: Some(data_len) });
    let mut offset = offset + header_len + data_len;
    for child in &element.children {
        offset = visit(child, Some(element), offset, depth + 1, lines);
    }
    if element.info().compound {
        let header_len = Writer::count(|writer| element.write_end(writer));
        lines.push(Line { element, parent, offset, depth, header_len, data_len: None });
        offset += header_len;
    }
    offset
}
