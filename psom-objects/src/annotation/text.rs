//! Changes of a text, in UTF-16 code units (ruling 13).

/// A replacement of a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The beginning of the part, in UTF-16 code units.
    pub begin: i32,
    /// The end of the part: the first code unit after it.
    pub end: i32,
    /// The new text; empty if the part is only deleted.
    pub characters: String,
}

impl Delta {
    /// Replaces the part from `begin` up to `end` with `characters`.
    pub fn new(begin: i32, end: i32, characters: impl Into<String>) -> Self {
        Self { begin, end, characters: characters.into() }
    }
}

/// A change of a text is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// A delta lies outside the text, ends before it begins, or splits a surrogate pair.
    #[error("a change of the text is outside the text, or splits a character")]
    OutOfPlace,
    /// The text would become longer than allowed, at the end or after one of the deltas.
    #[error("the text would be too long")]
    TooLong,
}

/// Upper bound on a text in code units. A string on the wire has at most this many encoded bytes.
pub const MAX_LENGTH: usize = psom::wire::MAX_STRING_BYTES;

/// Upper bound on the deltas in a change of a text that a server accepts.
pub const MAX_DELTAS: usize = 1000;

/// Returns the number of UTF-16 code units of a text.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Applies deltas one after the other. No text, not even an intermediate one, may be longer than
/// `max_length` code units.
///
/// # Errors
/// A delta does not fit the text, or a text would be too long.
pub fn apply(text: &str, deltas: &[Delta], max_length: usize) -> Result<String, DeltaError> {
    let max_length = max_length.min(MAX_LENGTH);
    let mut text = Pieces::new(text);
    for Delta { begin, end, characters } in deltas {
        let (begin, end) = match (usize::try_from(*begin), usize::try_from(*end)) {
            (Ok(begin), Ok(end)) if begin <= end && end <= text.length => (begin, end),
            _ => return Err(DeltaError::OutOfPlace),
        };
        if text.splits_pair(begin) || text.splits_pair(end) {
            return Err(DeltaError::OutOfPlace);
        }
        if text.length - (end - begin) + length(characters) > max_length {
            return Err(DeltaError::TooLong);
        }
        text.replace(begin, end, characters);
    }
    // No surrogate pair is split, so the conversion loses nothing.
    let text = String::from_utf16_lossy(&text.pieces.concat());
    if psom::wire::encoded_bytes(&text) > MAX_LENGTH { Err(DeltaError::TooLong) } else { Ok(text) }
}

/// Upper bound on a piece in code units. A delta copies a few pieces, so a piece must be small. The
/// number of pieces must be small too, so a piece must not be tiny.
pub(super) const MAX_PIECE_UNITS: usize = 2048;

/// A text in pieces. Two adjacent pieces never fit into one. A record can carry many deltas, and
/// each of them copies only a few pieces instead of the rest of the text.
pub(super) struct Pieces {
    pub(super) pieces: Vec<Vec<u16>>,
    pub(super) length: usize,
    /// The number of code units that were copied.
    #[cfg(test)]
    pub(super) copied: usize,
}

impl Pieces {
    pub(super) fn new(text: &str) -> Self {
        let units: Vec<u16> = text.encode_utf16().collect();
        Self {
            pieces: units.chunks(MAX_PIECE_UNITS).map(<[u16]>::to_vec).collect(),
            length: units.len(),
            #[cfg(test)]
            copied: 0,
        }
    }

    /// Returns the piece that contains a position, and the position in it. The end of the text is
    /// after all pieces.
    fn find(&self, mut at: usize) -> (usize, usize) {
        for (index, piece) in self.pieces.iter().enumerate() {
            if at < piece.len() {
                return (index, at);
            }
            at -= piece.len();
        }
        (self.pieces.len(), 0)
    }

    /// Reports whether a position is inside a surrogate pair.
    fn splits_pair(&self, at: usize) -> bool {
        let is = |at, half: std::ops::Range<u16>| {
            let (piece, at) = self.find(at);
            self.pieces.get(piece).is_some_and(|piece| half.contains(&piece[at]))
        };
        at > 0 && is(at - 1, 0xd800..0xdc00) && is(at, 0xdc00..0xe000)
    }

    /// Replaces the part from `begin` up to `end`, which must lie in the text.
    pub(super) fn replace(&mut self, begin: usize, end: usize, characters: &str) {
        let ((mut first, from), (last, to)) = (self.find(begin), self.find(end));
        let part = |piece: usize| self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
        let mut new = part(first)[..from].to_vec();
        new.extend(characters.encode_utf16());
        self.length = self.length - (end - begin) + new.len() - from;
        new.extend(&part(last)[to..]);
        let mut behind = self.pieces.len().min(last + 1);
        if first > 0 && part(first - 1).len() + new.len() <= MAX_PIECE_UNITS {
            first -= 1;
            new.splice(..0, part(first).iter().copied());
        }
        if new.len() % MAX_PIECE_UNITS + part(behind).len() <= MAX_PIECE_UNITS {
            new.extend(part(behind));
            behind = self.pieces.len().min(behind + 1);
        }
        #[cfg(test)]
        {
            self.copied += new.len();
        }
        self.pieces.splice(first..behind, new.chunks(MAX_PIECE_UNITS).map(<[u16]>::to_vec));
    }
}
