use std::{fmt, str::FromStr};

/// A globally unique identifier, stored as the 16 bytes that the formats carry (the first three
/// fields are little-endian).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Guid([u8; 16]);

/// The text is not a GUID of the form `XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX`, with or without
/// braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a GUID is written `{{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}}` in hexadecimal digits")]
pub struct NotAGuid;

impl Guid {
    /// The GUID whose bytes are all zero.
    pub const NULL: Self = Self([0; 16]);

    /// Wraps 16 bytes in the order in which the formats carry them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Builds a GUID from the fields of its text.
    #[must_use]
    pub const fn from_fields(first: u32, second: u16, third: u16, last: [u8; 8]) -> Self {
        let (a, b, c, d) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes(), last);
        Self([
            a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5],
            d[6], d[7],
        ])
    }

    /// Returns the 16 bytes in the order in which the formats carry them.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reports whether UTF-16 code units spell a GUID, with or without braces.
    pub(crate) fn is_spelled_by(mut units: impl Iterator<Item = u16> + Clone) -> bool {
        let braces = units.clone().next() == Some(u16::from(b'{'));
        let is_hex = |unit: u16| u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_hexdigit());
        let mut next_is = |byte: u8| units.next() == Some(u16::from(byte));
        if braces && !next_is(b'{') {
            return false;
        }
        for place in 0..36 {
            let Some(unit) = units.next() else { return false };
            let is_dash = matches!(place, 8 | 13 | 18 | 23);
            if is_dash != (unit == u16::from(b'-')) || (!is_dash && !is_hex(unit)) {
                return false;
            }
        }
        (!braces || units.next() == Some(u16::from(b'}'))) && units.next().is_none()
    }
}

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        if !Self::is_spelled_by(text.encode_utf16()) {
            return Err(NotAGuid);
        }
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        let number = u128::from_str_radix(&digits, 16).map_err(|_| NotAGuid)?;
        let mut bytes = number.to_be_bytes();
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        Ok(Self(bytes))
    }
}

/// Prints the GUID in capitals and braces, as the message's call target carries it.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f0, g, h, i, j, k, l, m, n, o, p] = self.0;
        write!(f, "{{{d:02X}{c:02X}{b:02X}{a:02X}-{f0:02X}{e:02X}-{h:02X}{g:02X}-{i:02X}{j:02X}-")?;
        write!(f, "{k:02X}{l:02X}{m:02X}{n:02X}{o:02X}{p:02X}}}")
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
