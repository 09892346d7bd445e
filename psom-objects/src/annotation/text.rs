//! Changes of a text, in UTF-16 code units.

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
pub const MAX_LENGTH: usize = psom::wire::MAX_STRING_BYTES;

/// The most deltas of one change of a text that a server takes.
pub const MAX_DELTAS: usize = 1000;

/// How many UTF-16 code units a text has.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text after these deltas, each applied to what the one before has left. No text, not even
/// one in between, may be longer than `max_length` code units.
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
    // No pair is ever split, so nothing is lost.
    let text = String::from_utf16_lossy(&text.pieces.concat());
    if psom::wire::encoded_bytes(&text) > MAX_LENGTH { Err(DeltaError::TooLong) } else { Ok(text) }
}

/// The most code units of a piece.
pub(super) const PIECE: usize = 2048;

/// A text in pieces, of which two neighbours never fit into one. A record has room for very many
/// deltas: each of them moves some pieces, and not all that is behind it.
pub(super) struct Pieces {
    pub(super) pieces: Vec<Vec<u16>>,
    pub(super) length: usize,
    /// How many code units were moved.
    #[cfg(test)]
    pub(super) moved: usize,
}

impl Pieces {
    pub(super) fn new(text: &str) -> Self {
        let units: Vec<u16> = text.encode_utf16().collect();
        Self {
            pieces: units.chunks(PIECE).map(<[u16]>::to_vec).collect(),
            length: units.len(),
            #[cfg(test)]
            moved: 0,
        }
    }

    /// The piece that a place is in, and where in it; the end of the text is behind all pieces.
    fn find(&self, mut at: usize) -> (usize, usize) {
        for (index, piece) in self.pieces.iter().enumerate() {
            if at < piece.len() {
                return (index, at);
            }
            at -= piece.len();
        }
        (self.pieces.len(), 0)
    }

    /// Whether a place is between the halves of one character.
    fn splits_pair(&self, at: usize) -> bool {
        let is = |at, half: std::ops::Range<u16>| {
            let (piece, at) = self.find(at);
            self.pieces.get(piece).is_some_and(|piece| half.contains(&piece[at]))
        };
        at > 0 && is(at - 1, 0xd800..0xdc00) && is(at, 0xdc00..0xe000)
    }

    /// Puts characters in the place of what is from `begin` to before `end`, which are in the text.
    pub(super) fn replace(&mut self, begin: usize, end: usize, characters: &str) {
        let ((mut first, from), (last, to)) = (self.find(begin), self.find(end));
        let part = |piece: usize| self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
        let mut new = part(first)[..from].to_vec();
        new.extend(characters.encode_utf16());
        self.length = self.length - (end - begin) + new.len() - from;
        new.extend(&part(last)[to..]);
        let mut behind = self.pieces.len().min(last + 1);
        if first > 0 && part(first - 1).len() + new.len() <= PIECE {
            first -= 1;
            new.splice(..0, part(first).iter().copied());
        }
        if new.len() % PIECE + part(behind).len() <= PIECE {
            new.extend(part(behind));
            behind = self.pieces.len().min(behind + 1);
        }
        #[cfg(test)]
        {
            self.moved += new.len();
        }
        self.pieces.splice(first..behind, new.chunks(PIECE).map(<[u16]>::to_vec));
    }
}
