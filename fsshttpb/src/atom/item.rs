//! Binary items, string items and arrays (MS-FSSHTTPB 2.2.1.3, 2.2.1.4).

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

use super::{Atom, Blob, CompactU64, Reader, Writer};
use crate::error::{DecodeError, Rule};

/// Bytes with a compact length in front.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BinaryItem(pub Blob);

impl Deref for BinaryItem {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for BinaryItem {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl Atom for BinaryItem {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let CompactU64(len) = Atom::read(reader)?;
        reader.blob(len).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        CompactU64(self.len() as u64).write(writer);
        writer.put(self);
    }
}

impl fmt::Display for BinaryItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text: a compact count of UTF-16 units, then the units.
///
/// One known server writes the count of bytes and UTF-8. If the object has exactly as many bytes as
/// the count says and none is zero, the text is read as UTF-8. A lone surrogate is read as U+FFFD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StringItem(pub String);

impl Atom for StringItem {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = reader.offset();
        let CompactU64(count) = Atom::read(reader)?;
        let left = reader.left();
        let fits = |bytes: Option<u64>| bytes.is_some_and(|bytes| bytes <= left as u64);
        if fits(count.checked_mul(2)) {
            let bytes = reader.take(count * 2)?;
            // A unit of two bytes becomes at most three bytes of UTF-8.
            reader.charge(bytes.len().saturating_mul(2))?;
            let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            let text = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{FFFD}'));
            return Ok(Self(text.collect()));
        }
        let error = DecodeError::new(start, Rule::Count { count, left });
        if count != left as u64 {
            return Err(error);
        }
        let bytes = reader.take(count)?;
        // A zero byte is half of a UTF-16 unit: the text was cut.
        if bytes.contains(&0) {
            return Err(error);
        }
        reader.charge(bytes.len().saturating_mul(3))?;
        Ok(Self(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        CompactU64(self.0.encode_utf16().count() as u64).write(writer);
        for unit in self.0.encode_utf16() {
            unit.write(writer);
        }
    }
}

impl fmt::Display for StringItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_debug())
    }
}

/// A text: a compact count of bytes, then UTF-8. Bytes that are not UTF-8 are read as U+FFFD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Utf8Item(pub String);

impl Atom for Utf8Item {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let BinaryItem(bytes) = Atom::read(reader)?;
        reader.charge(bytes.len().saturating_mul(3))?;
        Ok(Self(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        CompactU64(self.0.len() as u64).write(writer);
        writer.put(self.0.as_bytes());
    }
}

impl fmt::Display for Utf8Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.escape_debug())
    }
}

/// An array: a compact count, then the items.
impl<T: Atom> Atom for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.count()?;
        reader.charge(count.saturating_mul(size_of::<T>()))?;
        let mut items = Self::with_capacity(count);
        for _ in 0..count {
            items.push(T::read(reader)?);
        }
        Ok(items)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        CompactU64(self.len() as u64).write(writer);
        for item in self {
            item.write(writer);
        }
    }
}
