//! Changes of a text, in UTF-16 code units.

use crate::texts;

/// What takes the place of a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Where the part begins, in UTF-16 code units.
    pub begin: i32,
    /// Where it ends: the first code unit behind it.
    pub end: i32,
    /// What comes there; empty where the part is only deleted.
    pub characters: String,
}

impl Delta {
    /// Puts `characters` in the place of everything from `begin` to before `end`.
    pub fn new(begin: i32, end: i32, characters: impl Into<String>) -> Self {
        Self { begin, end, characters: characters.into() }
    }
}

/// Why a text cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// A delta lies outside of the text, ends before it begins, or takes half of a character.
    #[error("a change of the text is out of place")]
    OutOfPlace,
    /// The text would be longer than is allowed, at the end or in between.
    #[error("the text would be too long")]
    TooLong,
}

/// The longest text that there can be: a string on the wire has at most so many bytes.
pub const MAX_LENGTH: usize = texts::LONGEST;

/// The most deltas of one change of a text: each of them moves what is behind it.
pub const MAX_DELTAS: usize = 1000;

/// How many UTF-16 code units a text has.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text after these deltas, each applied to what the one before has left. No text, not even
/// one in between, may be longer than `max_length` code units.
pub fn apply(text: &str, deltas: &[Delta], max_length: usize) -> Result<String, DeltaError> {
    let max_length = max_length.min(MAX_LENGTH);
    let mut units: Vec<u16> = text.encode_utf16().collect();
    for Delta { begin, end, characters } in deltas {
        let (begin, end) = match (usize::try_from(*begin), usize::try_from(*end)) {
            (Ok(begin), Ok(end)) if begin <= end && end <= units.len() => (begin, end),
            _ => return Err(DeltaError::OutOfPlace),
        };
        if splits_pair(&units, begin) || splits_pair(&units, end) {
            return Err(DeltaError::OutOfPlace);
        }
        if units.len() - (end - begin) + length(characters) > max_length {
            return Err(DeltaError::TooLong);
        }
        units.splice(begin..end, characters.encode_utf16());
    }
    // No pair is ever split, so nothing is lost.
    let text = String::from_utf16_lossy(&units);
    if texts::wire_length(&text) > MAX_LENGTH { Err(DeltaError::TooLong) } else { Ok(text) }
}

/// Whether a place is between the halves of one character.
fn splits_pair(units: &[u16], at: usize) -> bool {
    let is = |unit: Option<&u16>, half: std::ops::Range<u16>| {
        unit.is_some_and(|unit| half.contains(unit))
    };
    at > 0 && is(units.get(at - 1), 0xd800..0xdc00) && is(units.get(at), 0xdc00..0xe000)
}
