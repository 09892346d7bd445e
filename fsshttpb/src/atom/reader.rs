//! Reads atoms from shared bytes and limits the memory that they take.

use std::cell::Cell;

use bytes::Bytes;

use super::Blob;
use crate::error::{DecodeError, Rule};

/// The memory that a message may take while it is decoded.
///
/// An object can be as short as two bytes and takes more than a hundred in memory. Without a limit,
/// a small message could make the decoder allocate many times its own size.
#[derive(Debug)]
pub struct Budget(Cell<usize>);

impl Budget {
    /// Bytes that every message may take, so that small messages are never refused.
    const BASE_BYTES: usize = 48 * 1024;
    /// Bytes of memory for each byte of input. The copy of the input and small vectors come on top:
    /// in all, less than 16 times the input and 64 KiB.
    const BYTES_PER_INPUT_BYTE: usize = 12;

    /// Returns the budget for an input of `len` bytes.
    pub fn for_input(len: usize) -> Self {
        let bytes = len.saturating_mul(Self::BYTES_PER_INPUT_BYTE).saturating_add(Self::BASE_BYTES);
        Self(Cell::new(bytes))
    }
}

/// The first byte of the nine-byte form of a compact integer.
pub(super) const NINE_BYTES: u8 = 0x80;

/// A cursor over the bytes of a message or of one object.
#[derive(Debug)]
pub struct Reader<'a> {
    source: &'a Bytes,
    position: usize,
    end: usize,
    budget: &'a Budget,
}

impl<'a> Reader<'a> {
    /// Creates a reader over all of `source`.
    pub fn new(source: &'a Bytes, budget: &'a Budget) -> Self {
        Self { source, position: 0, end: source.len(), budget }
    }

    /// Returns a second cursor at the same place with the same budget.
    pub(crate) fn fork(&self) -> Self {
        Self { ..*self }
    }

    /// Returns the offset of the next byte in the source.
    pub fn offset(&self) -> usize {
        self.position
    }

    /// Returns the number of bytes that are left.
    pub fn left(&self) -> usize {
        self.end - self.position
    }

    /// Creates an error at the next byte.
    pub fn error(&self, rule: Rule) -> DecodeError {
        DecodeError::new(self.position, rule)
    }

    /// Returns the next byte without taking it.
    ///
    /// # Errors
    /// No byte is left.
    pub fn peek(&self) -> Result<u8, DecodeError> {
        let byte = (self.left() > 0).then(|| self.source[self.position]);
        byte.ok_or_else(|| self.error(Rule::Truncated { needed: 1, left: 0 }))
    }

    /// Takes `len` bytes.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub fn take(&mut self, len: u64) -> Result<&'a [u8], DecodeError> {
        let start = self.position;
        self.skip(len)?;
        Ok(&self.source[start..self.position])
    }

    /// Takes an array of `N` bytes.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    /// Takes `len` bytes as a view of the source, without copying them.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub fn blob(&mut self, len: u64) -> Result<Blob, DecodeError> {
        let start = self.position;
        self.skip(len)?;
        Ok(Blob(self.source.slice(start..self.position)))
    }

    /// Takes all bytes that are left as a view of the source.
    pub fn rest(&mut self) -> Blob {
        let blob = Blob(self.source.slice(self.position..self.end));
        self.position = self.end;
        blob
    }

    /// Takes the next `len` bytes as a reader of their own.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub fn inner(&mut self, len: u64) -> Result<Self, DecodeError> {
        let position = self.position;
        self.skip(len)?;
        Ok(Reader { position, end: self.position, ..*self })
    }

    /// Takes a compact integer.
    ///
    /// # Errors
    /// Fewer bytes are left than the first byte announces.
    pub fn compact(&mut self) -> Result<u64, DecodeError> {
        match self.peek()? {
            0 => self.take(1).map(|_| 0),
            NINE_BYTES => {
                self.take(1)?;
                self.array().map(u64::from_le_bytes)
            }
            first => {
                let len = first.trailing_zeros() as usize + 1;
                let mut value = [0; 8];
                value[..len].copy_from_slice(self.take(len as u64)?);
                Ok(u64::from_le_bytes(value) >> len)
            }
        }
    }

    /// Takes a compact count of items that take at least one byte each.
    ///
    /// # Errors
    /// The count is larger than the number of bytes that are left.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let start = self.position;
        let count = self.compact()?;
        let fits = usize::try_from(count).ok().filter(|count| *count <= self.left());
        fits.ok_or_else(|| DecodeError::new(start, Rule::Count { count, left: self.left() }))
    }

    /// Takes memory from the budget.
    ///
    /// # Errors
    /// The budget is spent.
    pub fn charge(&self, bytes: usize) -> Result<(), DecodeError> {
        let left = self.budget.0.get().checked_sub(bytes);
        self.budget.0.set(left.ok_or_else(|| self.error(Rule::Density))?);
        Ok(())
    }

    /// Returns the bytes between two offsets of the source.
    pub(crate) fn between(&self, start: usize, end: usize) -> &'a [u8] {
        &self.source[start..end]
    }

    fn skip(&mut self, len: u64) -> Result<(), DecodeError> {
        let left = self.left();
        let fits = usize::try_from(len).ok().filter(|len| *len <= left);
        let len = fits.ok_or_else(|| self.error(Rule::Truncated { needed: len, left }))?;
        self.position += len;
        Ok(())
    }
}
