//! The starts and ends of objects (MS-FSSHTTPB 2.2.1.5).

use crate::{
    atom::{Atom, CompactU64, Reader, Writer},
    error::DecodeError,
};

/// The start of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type number.
    pub number: u16,
    /// Whether objects and an end follow.
    pub compound: bool,
    /// The number of bytes of data.
    pub len: u64,
}

/// The highest type number of a 16-bit start or an 8-bit end, which have 6 bits for it.
const MAX_SHORT_NUMBER: u16 = 0x3F;
/// The largest length in a 16-bit start. Office writes 127, the largest value of the 7 bits, in a
/// 32-bit start.
const MAX_SHORT_LEN: u64 = 126;
/// The length in a 32-bit start after which the real length follows as a compact integer.
const LONG_LEN: u64 = 0x7FFF;

/// The low two bits of the first byte.
const START_32: u8 = 0b10;
const END_8: u8 = 0b01;
const END_16: u8 = 0b11;

impl Header {
    /// Reads a start, whose first byte is known not to begin an end.
    ///
    /// # Errors
    /// The bytes end inside the start.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.peek()? & 0b11 != START_32 {
            let bits: u16 = Atom::read(reader)?;
            let (number, len) = ((bits >> 3) & MAX_SHORT_NUMBER, u64::from(bits >> 9));
            return Ok(Self { number, compound: bits & 0b100 != 0, len });
        }
        let bits: u32 = Atom::read(reader)?;
        let len = match u64::from(bits >> 17) {
            LONG_LEN => CompactU64::read(reader)?.0,
            len => len,
        };
        Ok(Self { number: ((bits >> 3) & 0x3FFF) as u16, compound: bits & 0b100 != 0, len })
    }

    /// Writes the start in the form that Office writes.
    #[expect(clippy::cast_possible_truncation, reason = "the values fit the fields of each form")]
    pub fn write(&self, writer: &mut Writer<'_>) {
        let compound = u32::from(self.compound) << 2;
        let number = u32::from(self.number) << 3;
        if self.number <= MAX_SHORT_NUMBER && self.len <= MAX_SHORT_LEN {
            let bits = compound | number | ((self.len as u32) << 9);
            return (bits as u16).write(writer);
        }
        let len = self.len.min(LONG_LEN);
        (u32::from(START_32) | compound | number | ((len as u32) << 17)).write(writer);
        if len == LONG_LEN {
            CompactU64(self.len).write(writer);
        }
    }
}

/// Reports whether a first byte begins an end.
pub(super) fn is_end(first: u8) -> bool {
    matches!(first & 0b11, END_8 | END_16)
}

/// Reads an end and returns its type number.
pub(super) fn read_end(reader: &mut Reader<'_>) -> Result<u16, DecodeError> {
    if reader.peek()? & 0b11 == END_8 {
        return u8::read(reader).map(|bits| u16::from(bits >> 2));
    }
    u16::read(reader).map(|bits| bits >> 2)
}

/// Writes an end in the form that Office writes.
#[expect(clippy::cast_possible_truncation, reason = "a short number has 6 bits")]
pub(super) fn write_end(number: u16, writer: &mut Writer<'_>) {
    if number <= MAX_SHORT_NUMBER {
        (END_8 | ((number as u8) << 2)).write(writer);
    } else {
        (u16::from(END_16) | (number << 2)).write(writer);
    }
}
