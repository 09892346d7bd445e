use bytes::Bytes;

use super::{ObjectKey, PsomType};
use crate::error::{DecodeError, Misuse};

/// A value that can be written as a parameter.
pub trait Encode {
    /// Appends the value. What cannot be written (a string that is too long) is remembered by the
    /// encoder and keeps the whole call from being sent.
    fn encode(&self, out: &mut Encoder<'_>);

    /// Appends the elements of an array, without its count; bytes do it at once.
    #[doc(hidden)]
    fn encode_elements(elements: &[Self], out: &mut Encoder<'_>)
    where
        Self: Sized,
    {
        for element in elements {
            element.encode(out);
        }
    }
}

/// A value that can be read from a parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as a PSOM parameter",
    note = "use bool, u8, i16, i32, i64, u32, u64, f64, String, &str, Bytes, &[u8], ObjectRef, or Vec<T> of these",
    note = "or `#[derive(PsomType)]` on your enumeration or one-field struct"
)]
pub trait Decode: Sized {
    /// The fewest bytes that any value takes. An array that announces more elements than its
    /// message could hold is refused by it before anything is allocated.
    const MIN_SIZE: usize = 1;

    /// Reads one value and leaves the input behind it.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Reads the elements of an array whose count was read and checked; bytes do it at once.
    #[doc(hidden)]
    fn decode_elements(input: &mut Decoder<'_>, count: usize) -> Result<Vec<Self>, DecodeError> {
        // An element can be larger in memory than on the wire, so space is taken as elements come.
        let mut elements = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            elements.push(Self::decode(input)?);
        }
        Ok(elements)
    }
}

impl<T: PsomType + ?Sized> PsomType for &T {
    const TYPE: super::TypeDesc = T::TYPE;
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut Encoder<'_>) {
        (**self).encode(out);
    }
}

/// Writes the parameters of one call.
#[derive(Debug)]
pub struct Encoder<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) references: Vec<(usize, ObjectKey)>,
    error: Option<Misuse>,
}

impl<'a> Encoder<'a> {
    /// An encoder that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, references: Vec::new(), error: None }
    }

    /// The first error, or the references to objects that stand in the arguments: where their
    /// proxy identifiers, which differ from peer to peer, are to be inserted.
    pub(crate) fn finish(self) -> Result<Vec<(usize, ObjectKey)>, Misuse> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.references),
        }
    }

    pub(super) fn fail(&mut self, error: Misuse) {
        self.error.get_or_insert(error);
    }
}

/// Reads the parameters of one call.
#[derive(Debug)]
pub struct Decoder<'a> {
    source: &'a Bytes,
    position: usize,
    end: usize,
    /// Where borrowed strings are unmasked to; they are lent from here.
    pub(super) text: String,
}

impl<'a> Decoder<'a> {
    /// A decoder over the whole of `source`.
    pub fn new(source: &'a Bytes) -> Self {
        Self::within(source, 0..source.len(), String::new())
    }

    /// A decoder over a part of `source`, with a scratch string for text (its content is kept).
    pub(crate) fn within(source: &'a Bytes, range: std::ops::Range<usize>, text: String) -> Self {
        Self { source, position: range.start, end: range.end, text }
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.end - self.position
    }

    /// Ends the reading: anything left is an error. Gives the scratch string back.
    pub fn finish(self) -> Result<String, DecodeError> {
        match self.remaining() {
            0 => Ok(self.text),
            _ => Err(DecodeError::TrailingBytes),
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.source[self.position..self.end].first().copied()
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| DecodeError::Truncated)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let bytes = &self.source[self.position..self.end];
        let taken = bytes.get(..count).ok_or(DecodeError::Truncated)?;
        self.position += count;
        Ok(taken)
    }

    /// The next bytes, shared with the buffer that they came in.
    pub(super) fn share(&mut self, count: usize) -> Result<Bytes, DecodeError> {
        let start = self.position;
        self.take(count)?;
        Ok(self.source.slice(start..start + count))
    }
}
