//! Extended GUIDs, serial numbers and cell identifiers (MS-FSSHTTPB 2.2.1.7, 2.2.1.9, 2.2.1.10).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Atom, Guid, ParseGuidError, Reader, Writer};
use crate::error::{DecodeError, Rule};

/// A GUID and a 32-bit number: the identifier of an object, a revision or a data element.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedGuid {
    /// The GUID.
    pub guid: Guid,
    /// The number.
    pub value: u32,
}

impl ExtendedGuid {
    /// The null identifier.
    pub const NULL: Self = Self { guid: Guid::NULL, value: 0 };

    /// Creates an identifier.
    pub const fn new(guid: Guid, value: u32) -> Self {
        Self { guid, value }
    }

    /// Reports whether this is the null identifier.
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }
}

/// The first byte of an extended GUID with a 32-bit number, or of a serial number.
const LONG: u8 = 0x80;

impl Atom for ExtendedGuid {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = reader.peek()?;
        let short = |reader: &mut Reader<'_>, bytes: u8, shift: u32| {
            let mut value = [0; 4];
            value[..usize::from(bytes)].copy_from_slice(reader.take(bytes.into())?);
            Ok(Self { value: u32::from_le_bytes(value) >> shift, guid: Atom::read(reader)? })
        };
        match first {
            0 => reader.take(1).map(|_| Self::NULL),
            LONG => {
                reader.take(1)?;
                // The table of B 2.2.1.7 lists the GUID last, but known programs write it first.
                Ok(Self { guid: Atom::read(reader)?, value: Atom::read(reader)? })
            }
            _ if first & 0b111 == 0b100 => short(reader, 1, 3),
            _ if first & 0b11_1111 == 0b10_0000 => short(reader, 2, 6),
            _ if first & 0b111_1111 == 0b100_0000 => short(reader, 3, 7),
            _ => Err(reader.error(Rule::ExtendedGuid(first))),
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        if self.is_null() {
            return writer.put(&[0]);
        }
        match self.value {
            0..0x20 => writer.put(&((self.value << 3) | 0b100).to_le_bytes()[..1]),
            0x20..0x400 => writer.put(&((self.value << 6) | 0b10_0000).to_le_bytes()[..2]),
            0x400..0x2_0000 => writer.put(&((self.value << 7) | 0b100_0000).to_le_bytes()[..3]),
            _ => {
                writer.put(&[LONG]);
                self.guid.write(writer);
                return self.value.write(writer);
            }
        }
        self.guid.write(writer);
    }
}

impl fmt::Display for ExtendedGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() { f.write_str("-") } else { write!(f, "{},{}", self.guid, self.value) }
    }
}

impl FromStr for ExtendedGuid {
    type Err = ParseGuidError;

    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        if text == "-" {
            return Ok(Self::NULL);
        }
        let (guid, value) = numbered(text, ',')?;
        let value = u32::try_from(value).map_err(|_| ParseGuidError(text.to_owned()))?;
        Ok(Self { guid, value })
    }
}

/// Splits `{GUID}SEPARATOR NUMBER`.
fn numbered(text: &str, separator: char) -> Result<(Guid, u64), ParseGuidError> {
    let error = || ParseGuidError(text.to_owned());
    let (guid, value) = text.split_once(separator).ok_or_else(error)?;
    Ok((guid.parse()?, value.parse().map_err(|_| error())?))
}

/// A GUID and a 64-bit number that grows with each change (MS-FSSHTTPB 2.2.1.9).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber {
    /// The GUID of the counter.
    pub guid: Guid,
    /// The number.
    pub value: u64,
}

impl SerialNumber {
    /// The null serial number.
    pub const NULL: Self = Self { guid: Guid::NULL, value: 0 };

    /// Creates a serial number.
    pub const fn new(guid: Guid, value: u64) -> Self {
        Self { guid, value }
    }

    /// Reports whether this is the null serial number.
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }
}

impl Atom for SerialNumber {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.peek()? {
            0 => reader.take(1).map(|_| Self::NULL),
            LONG => {
                reader.take(1)?;
                Ok(Self { guid: Atom::read(reader)?, value: Atom::read(reader)? })
            }
            first => Err(reader.error(Rule::SerialNumber(first))),
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        if self.is_null() {
            return writer.put(&[0]);
        }
        writer.put(&[LONG]);
        self.guid.write(writer);
        self.value.write(writer);
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() { f.write_str("-") } else { write!(f, "{}#{}", self.guid, self.value) }
    }
}

impl FromStr for SerialNumber {
    type Err = ParseGuidError;

    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        if text == "-" {
            return Ok(Self::NULL);
        }
        let (guid, value) = numbered(text, '#')?;
        Ok(Self { guid, value })
    }
}

macro_rules! as_text {
    ($($ty:ty),*) => {$(
        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}
as_text!(ExtendedGuid, SerialNumber);

/// The identifier of a cell: two extended GUIDs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct CellId(pub ExtendedGuid, pub ExtendedGuid);

impl CellId {
    /// The null identifier.
    pub const NULL: Self = Self(ExtendedGuid::NULL, ExtendedGuid::NULL);
}

impl Atom for CellId {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(Atom::read(reader)?, Atom::read(reader)?))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        self.0.write(writer);
        self.1.write(writer);
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} | {})", self.0, self.1)
    }
}
