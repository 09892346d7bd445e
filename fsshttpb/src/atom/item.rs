//! Byte strings, binary items and string items (MS-FSSHTTPB 2.2.1.3, 2.2.1.4).

use std::{fmt, ops::Deref};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Atom, CompactU64, Reader, Writer};
use crate::error::{DecodeError, Rule};

/// Bytes that are shared with the message they came from. They print as hexadecimal digits.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Blob(pub Bytes);

/// Printed blobs are cut after this number of bytes, so that a tree stays readable.
const PRINTED_BYTES: usize = 128;

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }
}

impl fmt::Display for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.len())?;
        if !self.is_empty() {
            f.write_str(" ")?;
        }
        for byte in self.iter().take(PRINTED_BYTES) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(if self.len() > PRINTED_BYTES { "..." } else { "" })
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.len() * 2);
        for byte in self.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
            [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
            _ => None,
        });
        let bytes: Option<Vec<u8>> = pairs.collect();
        bytes
            .map(Self::from)
            .ok_or_else(|| D::Error::custom("bytes are pairs of hexadecimal digits"))
    }
}

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
/// the count says, the text is read as UTF-8. A lone surrogate is read as U+FFFD.
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
        if count != left as u64 {
            return Err(DecodeError::new(start, Rule::Count { count, left }));
        }
        let bytes = reader.take(count)?;
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
