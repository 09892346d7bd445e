use crate::{
    Guid,
    error::{ReadError, ReadResult, Rule},
};

/// Reads aligned values from bytes and reports errors with their offset.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    base: usize,
    truncated: Rule,
}

macro_rules! numbers {
    ($($name:ident $size:literal)*) => {$(
        #[doc = concat!("Reads a little-endian `", stringify!($name), "` at the next multiple of ", $size, ".")]
        ///
        /// # Errors
        /// The data ends before the value.
        pub fn $name(&mut self) -> ReadResult<$name> {
            self.align($size)?;
            Ok($name::from_le_bytes(self.array()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Reads the argument data of a call. `base` is the offset of `data` in the bytes to which the
    /// offsets of errors refer.
    #[must_use]
    pub fn new(data: &'a [u8], base: usize) -> Self {
        Self::with_rule(data, base, Rule::DataTruncated)
    }

    /// Reads `data`, where `truncated` names the rule that a premature end violates.
    pub(crate) fn with_rule(data: &'a [u8], base: usize, truncated: Rule) -> Self {
        Self { data, position: 0, base, truncated }
    }

    /// Returns the number of bytes before the next value, counted from the start of the data.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns the number of bytes that are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.data.len() - self.position
    }

    /// Returns the error that the value at `position` violates `rule`.
    #[must_use]
    pub fn error_at(&self, position: usize, rule: Rule) -> ReadError {
        ReadError::new(rule, self.base + position)
    }

    /// Reads a count of items that take at least `item_bytes` each.
    ///
    /// # Errors
    /// The remaining bytes cannot hold that many items. So a count never justifies an allocation
    /// that is larger than the data.
    pub fn count(&mut self, item_bytes: usize) -> ReadResult<usize> {
        let count = self.u32()? as usize;
        if count > self.remaining() / item_bytes.max(1) {
            return Err(self.error_at(self.position - 4, self.truncated));
        }
        Ok(count)
    }

    /// Skips to the next multiple of `alignment`, a power of two.
    ///
    /// # Errors
    /// The data ends before it.
    pub fn align(&mut self, alignment: usize) -> ReadResult<()> {
        let padding = self.position.wrapping_neg() & (alignment - 1);
        self.bytes(padding).map(drop)
    }

    /// Reads `count` bytes.
    ///
    /// # Errors
    /// The data ends before them.
    pub fn bytes(&mut self, count: usize) -> ReadResult<&'a [u8]> {
        if count > self.remaining() {
            return Err(self.error_at(self.position, self.truncated));
        }
        let start = self.position;
        self.position += count;
        Ok(&self.data[start..self.position])
    }

    /// Reads the rest of the data.
    pub fn rest(&mut self) -> &'a [u8] {
        let start = self.position;
        self.position = self.data.len();
        &self.data[start..]
    }

    /// Reads an array of bytes of a fixed size.
    ///
    /// # Errors
    /// The data ends before it.
    pub fn array<const N: usize>(&mut self) -> ReadResult<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    /// Reads a GUID at the next multiple of 4.
    ///
    /// # Errors
    /// The data ends before it.
    pub fn guid(&mut self) -> ReadResult<Guid> {
        self.align(4)?;
        Ok(Guid::from_bytes(self.array()?))
    }

    numbers! { u8 1 i8 1 u16 2 i16 2 u32 4 i32 4 u64 8 i64 8 f32 4 f64 8 }
}
