//! GUIDs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use super::{Atom, Reader, Writer};
use crate::error::DecodeError;

/// A GUID as its 16 bytes on the wire: the first three fields are little-endian.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

/// A text is not a GUID, an extended GUID or a serial number.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not in the form `{{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}}`, with `,N` or `#N`")]
pub struct ParseGuidError(pub(super) String);

/// The places of the wire's bytes in the printed form.
const PRINTED_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

impl Guid {
    /// The null GUID.
    pub const NULL: Self = Self([0; 16]);

    /// Creates a GUID from the number that its 32 printed digits form.
    pub const fn from_u128(printed: u128) -> Self {
        let printed = printed.to_be_bytes();
        let mut bytes = [0; 16];
        let mut place = 0;
        while place < 16 {
            bytes[PRINTED_ORDER[place]] = printed[place];
            place += 1;
        }
        Self(bytes)
    }
}

impl Atom for Guid {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.0);
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, byte) in PRINTED_ORDER.into_iter().enumerate() {
            let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{:02X}", self.0[byte])?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = ParseGuidError;

    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        let error = || ParseGuidError(text.to_owned());
        let inner = text.strip_prefix('{').map_or(Some(text), |text| text.strip_suffix('}'));
        let inner = inner.filter(|inner| inner.len() == 36).ok_or_else(error)?;
        let parts: Vec<_> = inner.split('-').collect();
        if !parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) {
            return Err(error());
        }
        let digits = parts.concat();
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(error());
        }
        u128::from_str_radix(&digits, 16).map(Self::from_u128).map_err(|_| error())
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
