//! Compact integers (MS-FSSHTTPB 2.2.1.1) and file chunk references (2.2.1.2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Atom, Reader, Writer, reader::NINE_BYTES};
use crate::error::DecodeError;

/// A 64-bit integer in 1 to 9 bytes.
///
/// The position of the lowest bit that is set in the first byte gives the length. A first byte of 0
/// is the value 0. After a first byte of 0x80, the value follows in eight bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct CompactU64(pub u64);

impl Atom for CompactU64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.compact().map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let bits = u64::BITS - self.0.leading_zeros();
        // `n` bytes carry 7 n bits.
        match bits.div_ceil(7) {
            0 => writer.put(&[0]),
            len @ 1..=7 => {
                let value = (self.0 << len) | (1 << (len - 1));
                writer.put(&value.to_le_bytes()[..len as usize]);
            }
            _ => {
                writer.put(&[NINE_BYTES]);
                writer.put(&self.0.to_le_bytes());
            }
        }
    }
}

impl fmt::Display for CompactU64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for CompactU64 {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

/// A range of bytes of a data element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChunk {
    /// The offset of the first byte.
    pub start: CompactU64,
    /// The number of bytes.
    pub length: CompactU64,
}

impl Atom for FileChunk {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { start: Atom::read(reader)?, length: Atom::read(reader)? })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        self.start.write(writer);
        self.length.write(writer);
    }
}

impl fmt::Display for FileChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.start, self.length)
    }
}
