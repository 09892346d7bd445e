//! Names of parts: text, and captures in braces.

use std::collections::HashSet;

use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::{Ident, LitStr};

use crate::diagnostics::{self as say, Errors};
use crate::model::{Part, Piece};

/// Reads `"content.{content_id}"`.
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
    let part = Part { text, pieces };
    if !rest.is_empty() || part.pieces.iter().any(has_stray_brace) {
        errors.at(&part.text, say::UNBALANCED);
    } else {
        check(&part, errors);
    }
    part
}

fn has_stray_brace(piece: &Piece) -> bool {
    match piece {
        Piece::Text(text) => text.contains('}'),
        Piece::Capture(name) => name.contains('{'),
    }
}

fn check(part: &Part, errors: &mut Errors) {
    if part.text.value().trim().is_empty() {
        errors.at(&part.text, say::EMPTY_PART);
    }
    let mut seen = HashSet::new();
    for name in part.captures() {
        if Ident::parse_any.parse_str(name).is_err() {
            errors.at(&part.text, say::CAPTURE_NAME);
        } else if !seen.insert(name) {
            errors.at(&part.text, say::duplicate_capture(name));
        }
    }
    let adjacent = |pair: &[Piece]| matches!(pair, [Piece::Capture(_), Piece::Capture(_)]);
    if part.pieces.windows(2).any(adjacent) {
        errors.at(&part.text, say::ADJACENT_CAPTURES);
    }
}
