//! Drawings: SVG files that are imported, paths of drawings, and boards as SVG files.

use psom_objects::annotation::{Annotation, Board, Change, Kind, Properties, Property};
use usvg::roxmltree;

use crate::drawing::{path as grammar, svg_export, svg_import};

/// Checks that a file is imported or refused.
pub fn import(bytes: &[u8]) {
    let Some(text) = crate::xml::decode(bytes) else { return };
    if let Ok(drawings) = svg_import::drawings(&text) {
        assert!(drawings.drawings.iter().all(|drawing| drawing.data.is_ascii()));
    }
}

/// Checks that a path is read or refused.
pub fn path(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = grammar::parse(text);
    }
}

/// Checks that a board with arbitrary properties is exported as well-formed XML. Each line of the
/// input is a property: its first byte selects the property, and an empty line begins the next
/// annotation.
pub fn export(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut board = Board::default();
    for (id, lines) in (1..).zip(text.split("\n\n").take(64)) {
        let kinds = [Kind::Drawing, Kind::Text, Kind::Image];
        let kind = kinds[lines.len() % kinds.len()];
        let property = |line: &str| {
            let mut characters = line.chars();
            let selector = usize::try_from(u32::from(characters.next()?)).ok()?;
            Some((Property::ALL[selector % Property::ALL.len()], characters.as_str().to_owned()))
        };
        let properties: Properties = lines.lines().filter_map(property).collect();
        board.apply(&Change::Add { id, annotation: Annotation::new(kind, 1, properties) });
    }
    let annotations = board.iter();
    let svg = svg_export::to_svg(annotations, None, |_| None);
    assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
}
