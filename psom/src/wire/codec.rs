use bytes::Bytes;

use super::{ObjectKey, PsomType};
use crate::error::{DecodeError, Misuse};

/// A value that can be encoded as a parameter.
pub trait Encode {
    /// Appends the value. If the value cannot be encoded (a string that is too long), the encoder
    /// keeps the error, and the call is not sent.
    fn encode(&self, out: &mut Encoder<'_>);

    /// Appends the elements of an array, without its count. `u8` overrides this to copy all
    /// elements at once.
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

/// A value that can be decoded from a parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as a PSOM parameter",
    note = "use bool, u8, i16, i32, i64, u32, u64, f64, String, &str, Bytes, &[u8], ObjectRef, or Vec<T> of these",
    note = "or `#[derive(PsomType)]` on your enumeration or one-field struct"
)]
pub trait Decode: Sized {
    /// The smallest encoded size of a value, in bytes. An array whose count does not fit into the
    /// rest of its message is rejected by this size before any memory is allocated.
    const MIN_SIZE: usize = 1;

    /// Reads one value and advances the input past it.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Reads the elements of an array whose count has been checked. `u8` overrides this to copy
    /// all elements at once.
    #[doc(hidden)]
    fn decode_elements(input: &mut Decoder<'_>, count: usize) -> Result<Vec<Self>, DecodeError> {
        let mut elements = Vec::with_capacity(count.min(MAX_PREALLOCATED_ELEMENTS));
        for _ in 0..count {
            elements.push(Self::decode(input)?);
        }
        Ok(elements)
    }
}

/// The capacity that an array reserves before its elements are read. An element can be larger in
/// memory than on the wire, so the count alone does not justify a large allocation.
const MAX_PREALLOCATED_ELEMENTS: usize = 64;

impl<T: PsomType + ?Sized> PsomType for &T {
    const TYPE: super::TypeDesc = T::TYPE;
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut Encoder<'_>) {
        (**self).encode(out);
    }
}

/// Encodes the parameters of one call.
#[derive(Debug)]
pub struct Encoder<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) references: Vec<(usize, ObjectKey)>,
    error: Option<Misuse>,
}

impl<'a> Encoder<'a> {
    /// Creates an encoder that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, references: Vec::new(), error: None }
    }

    /// Returns the objects that the arguments refer to, each with the offset at which its proxy
    /// identifier must be inserted. Proxy identifiers differ from peer to peer, so they are
    /// inserted when the call is queued for a peer.
    ///
    /// # Errors
    /// Returns the first error of an argument.
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

/// Decodes the parameters of one call.
#[derive(Debug)]
pub struct Decoder<'a> {
    source: &'a Bytes,
    position: usize,
    end: usize,
    /// The buffer into which borrowed strings are unmasked. Handlers borrow them from here.
    pub(super) text: String,
}

impl<'a> Decoder<'a> {
    /// Creates a decoder over the whole of `source`.
    pub fn new(source: &'a Bytes) -> Self {
        Self::within(source, 0..source.len(), String::new())
    }

    /// Creates a decoder over a range of `source`. Borrowed strings are appended to `text`.
    pub(crate) fn within(source: &'a Bytes, range: std::ops::Range<usize>, text: String) -> Self {
        Self { source, position: range.start, end: range.end, text }
    }

    /// Returns the number of unread bytes.
    pub fn remaining(&self) -> usize {
        self.end - self.position
    }

    /// Ends decoding and returns the buffer of borrowed strings.
    ///
    /// # Errors
    /// Bytes are left after the last parameter.
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

    /// Returns the next `count` bytes as a slice that shares the receive buffer.
    pub(super) fn share(&mut self, count: usize) -> Result<Bytes, DecodeError> {
        let start = self.position;
        self.take(count)?;
        Ok(self.source.slice(start..start + count))
    }
}
