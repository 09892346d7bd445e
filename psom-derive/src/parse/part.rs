//! Names of parts: text, and captures in braces.

use std::collections::HashSet;

use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::{Ident, LitStr};

use crate::diagnostics::{self as say, Errors};
use crate::model::{Part, Piece};

/// Reads `"content.{content_id}"`. A part with a mistake has no pieces.
pub(crate) fn parse(text: LitStr, errors: &mut Errors) -> Part {
    let value = text.value();
    let mut pieces = Vec::new();
    let mut rest = value.as_str();
    while !rest.is_empty() {
        let (piece, behind) = match rest.strip_prefix('{') {
            Some(capture) => match capture.split_once('}') {
                Some((name, behind)) => (Piece::Capture(name.to_owned()), behind),
                None => break,
            },
            None => {
                let (literal, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                (Piece::Text(literal.to_owned()), behind)
            }
        };
        pieces.push(piece);
        rest = behind;
    }
    if let Some(mistake) = mistake(&value, rest, &pieces) {
        errors.at(&text, mistake);
        pieces.clear();
    }
    Part { text, pieces }
}

/// What is wrong with a part of which `rest` could not be read.
fn mistake(value: &str, rest: &str, pieces: &[Piece]) -> Option<String> {
    let has_stray_brace = |piece: &Piece| match piece {
        Piece::Text(text) => text.contains('}'),
        Piece::Capture(name) => name.contains('{'),
    };
    if value.trim().is_empty() {
        return Some(say::EMPTY_PART.to_owned());
    }
    if !rest.is_empty() || pieces.iter().any(has_stray_brace) {
        return Some(say::UNBALANCED.to_owned());
    }
    let mut seen = HashSet::new();
    for piece in pieces {
        let Piece::Capture(name) = piece else { continue };
        if Ident::parse_any.parse_str(name).is_err() {
            return Some(say::CAPTURE_NAME.to_owned());
        }
        if !seen.insert(name) {
            return Some(say::duplicate_capture(name));
        }
    }
    let adjacent = |pair: &[Piece]| matches!(pair, [Piece::Capture(_), Piece::Capture(_)]);
    pieces.windows(2).any(adjacent).then(|| say::ADJACENT_CAPTURES.to_owned())
}
