use bytes::Bytes;

use super::ObjectKey;
use crate::error::{DecodeError, Misuse};

/// A value that can be encoded as a parameter.
pub trait Encode {
    /// Appends the value. If the value cannot be encoded (a string that is too long), the encoder
    /// keeps the error, and the call is not sent.
    fn encode(&self, out: &mut Encoder<'_>);

    /// Appends an array: its count, then its elements. `u8` overrides this to copy all elements at
    /// once, and records override it to write one array for each field.
    #[doc(hidden)]
    fn encode_array(elements: &[Self], out: &mut Encoder<'_>)
    where
        Self: Sized,
    {
        out.count(elements.len());
        for element in elements {
            element.encode(out);
        }
    }
}

/// A value that can be decoded from a parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as a PSOM parameter",
    note = "use bool, u8, i16, i32, i64, u32, u64, f64, String, &str, Bytes, &[u8], ObjectRef, or Vec<T> or Option<T> of these",
    note = "or `#[derive(PsomType)]` on your enumeration or struct"
)]
pub trait Decode: Sized {
    /// The smallest encoded size of a value, in bytes. An array whose count does not fit into the
    /// rest of its message is rejected by this size before any memory is allocated.
    const MIN_SIZE: usize = 1;

    /// Reads one value and advances the input past it.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Reads an array: its count, then its elements. `u8` overrides this to copy all elements at
    /// once, and records override it to read one array for each field.
    #[doc(hidden)]
    fn decode_array(input: &mut Decoder<'_>) -> Result<Vec<Self>, DecodeError> {
        let count = input.read_count(Self::MIN_SIZE)?;
        let mut elements = Vec::with_capacity(count.min(MAX_PREALLOCATED_ELEMENTS));
        for _ in 0..count {
            elements.push(Self::decode(input)?);
        }
        Ok(elements)
    }

    /// Returns the bytes of a shared buffer as elements. Only `u8` can do this.
    #[doc(hidden)]
    fn of_bytes(_: &Bytes) -> Option<&[Self]> {
        None
    }
}

/// The capacity that an array reserves before its elements are read. An element can be larger in
/// memory than on the wire, so the count alone does not justify a large allocation.
const MAX_PREALLOCATED_ELEMENTS: usize = 64;

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
    #[inline]
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

    /// Appends the count of an array.
    #[doc(hidden)]
    pub fn count(&mut self, count: usize) {
        // A call above the record limit is rejected when it is queued, so the count that this writes
        // for an array of 2^31 or more elements is never sent.
        i64::try_from(count).unwrap_or(i64::MAX).encode(self);
    }

    /// Appends one field of all elements of an array of records, as an array of its own.
    #[doc(hidden)]
    pub fn column<R>(&mut self, records: &[R], field: impl Fn(&R) -> &dyn Encode) {
        self.count(records.len());
        for record in records {
            field(record).encode(self);
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
    /// The unread bytes, a part of `source`.
    rest: &'a [u8],
    /// The buffer into which borrowed strings are unmasked. Handlers borrow them from here.
    pub(super) text: String,
}

impl<'a> Decoder<'a> {
    /// Creates a decoder over the whole of `source`.
    pub fn new(source: &'a Bytes) -> Self {
        Self { source, rest: source, text: String::new() }
    }

    /// Creates a decoder over a range of `source`, or over no bytes if the range is not in `source`. Borrowed strings
    /// are appended to `text`.
    #[inline]
    pub fn within(source: &'a Bytes, range: std::ops::Range<usize>, text: String) -> Self {
        Self { source, rest: source.get(range).unwrap_or_default(), text }
    }

    /// Returns the number of unread bytes.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
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

    /// Reads the count of an array and checks it against the number of remaining bytes.
    pub(super) fn read_count(&mut self, min_size: usize) -> Result<usize, DecodeError> {
        let count = i32::decode(self)?;
        let count = usize::try_from(count).map_err(|_| DecodeError::NegativeCount)?;
        match count.checked_mul(min_size.max(1)) {
            Some(bytes) if bytes <= self.remaining() => Ok(count),
            _ => Err(DecodeError::CountTooLarge),
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// Returns the unread bytes.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Advances past bytes that [`rest`](Self::rest) has returned.
    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Returns the next `count` bytes as a slice that shares the receive buffer.
    pub(super) fn share(&mut self, count: usize) -> Result<Bytes, DecodeError> {
        Ok(self.source.slice_ref(self.take(count)?))
    }
}
