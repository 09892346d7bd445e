//! Patterns of part names: text, and captures in braces.

use std::collections::HashSet;

use syn::{Ident, LitStr, ext::IdentExt as _, parse::Parser as _};

use crate::{
    diagnostics::{self as message, Errors},
    model::{Part, Piece},
};

/// Parses a pattern such as `"content.{content_id}"`. An invalid pattern has no pieces.
pub(crate) fn parse(text: LitStr, errors: &mut Errors) -> Part {
    let value = text.value();
    let mut pieces = Vec::new();
    let mut rest = value.as_str();
    while !rest.is_empty() {
        let (piece, tail) = match rest.strip_prefix('{') {
            Some(capture) => match capture.split_once('}') {
                Some((name, tail)) => (Piece::Capture(name.to_owned()), tail),
                None => break,
            },
            None => {
                let (literal, tail) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                (Piece::Text(literal.to_owned()), tail)
            }
        };
        pieces.push(piece);
        rest = tail;
    }
    if let Some(error) = pattern_error(&value, rest, &pieces) {
        errors.at(&text, error);
        pieces.clear();
    }
    Part { text, pieces }
}

/// Returns the first error of a pattern. `rest` is the part of the text that could not be parsed.
fn pattern_error(value: &str, rest: &str, pieces: &[Piece]) -> Option<String> {
    let has_stray_brace = |piece: &Piece| match piece {
        Piece::Text(text) => text.contains('}'),
        Piece::Capture(name) => name.contains('{'),
    };
    if value.trim().is_empty() {
        return Some(message::EMPTY_PART.to_owned());
    }
    if value.chars().any(char::is_control) {
        return Some(message::CONTROL_IN_PART.to_owned());
    }
    if !rest.is_empty() || pieces.iter().any(has_stray_brace) {
        return Some(message::UNBALANCED.to_owned());
    }
    let mut seen = HashSet::new();
    for piece in pieces {
        let Piece::Capture(name) = piece else { continue };
        if Ident::parse_any.parse_str(name).is_err() {
            return Some(message::CAPTURE_NAME.to_owned());
        }
        if !seen.insert(name) {
            return Some(message::duplicate_capture(name));
        }
    }
    let adjacent = |pair: &[Piece]| matches!(pair, [Piece::Capture(_), Piece::Capture(_)]);
    pieces.windows(2).any(adjacent).then(|| message::ADJACENT_CAPTURES.to_owned())
}
