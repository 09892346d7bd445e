use std::{borrow::Cow, fmt};

/// A BSTR: 16-bit code units, or bytes of any number, or null.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Bstr(Option<Box<[u8]>>);

impl Bstr {
    /// The null BSTR, which Automation treats as an empty text.
    pub const NULL: Self = Self(None);

    /// Wraps bytes, whose number can be odd.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(Some(bytes.into()))
    }

    /// Returns the bytes, or `None` for the null BSTR.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// Returns the text, with U+FFFD in place of a lone surrogate and without an odd last byte. The
    /// null BSTR is empty.
    #[must_use]
    pub fn to_text(&self) -> String {
        let bytes = self.0.as_deref().unwrap_or_default();
        let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// Reports whether [`Self::to_text`] loses nothing.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.0
            .as_deref()
            .is_some_and(|bytes| *Self::from(&*self.to_text()).0.unwrap_or_default() == *bytes)
    }
}

impl From<&str> for Bstr {
    fn from(text: &str) -> Self {
        Self(Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()))
    }
}

impl From<Cow<'_, str>> for Bstr {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from(&*text)
    }
}

impl fmt::Debug for Bstr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("null"),
            Some(_) => write!(f, "{:?}", self.to_text()),
        }
    }
}

/// A CURRENCY: an amount in units of 1/10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Currency(pub i64);

/// The number of units of a [`Currency`] that make the amount 1.
const CURRENCY_SCALE: u64 = 10_000;

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", amount / CURRENCY_SCALE, amount % CURRENCY_SCALE)
    }
}

/// A DATE: days since 1899-12-30, with the time of day as the fraction.
///
/// The fraction counts from midnight also before 1899-12-30: -1.25 is 1899-12-29, 06:00.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Date(pub f64);

/// The days from 1899-12-30 to 1970-01-01.
const DAYS_TO_UNIX_EPOCH: f64 = 25_569.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

impl Date {
    /// Converts seconds since 1970-01-01 00:00 (the date has no time zone).
    #[must_use]
    pub fn from_unix_seconds(seconds: f64) -> Self {
        let days = seconds / SECONDS_PER_DAY + DAYS_TO_UNIX_EPOCH;
        let whole = days.floor();
        Self(if whole < 0.0 { whole - (days - whole) } else { days })
    }

    /// Returns the seconds since 1970-01-01 00:00.
    #[must_use]
    pub fn to_unix_seconds(self) -> f64 {
        let days = if self.0 < 0.0 { self.0.trunc() - self.0.fract() } else { self.0 };
        (days - DAYS_TO_UNIX_EPOCH) * SECONDS_PER_DAY
    }
}

/// A DECIMAL: a sign, 96 bits and a power of ten from 0 to 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    /// The number of decimal places.
    pub scale: u8,
    /// The byte with the sign: 0x80 for a negative number, else 0.
    pub sign: u8,
    /// The highest 32 bits.
    pub high: u32,
    /// The lowest 64 bits.
    pub low: u64,
}

impl Decimal {
    /// Builds a decimal from an integer and a number of decimal places: `new(-15, 1)` is -1.5.
    /// Returns `None` if the value needs more than 96 bits or more than 28 places.
    #[must_use]
    pub fn new(value: i128, scale: u8) -> Option<Self> {
        let amount = value.unsigned_abs();
        if scale > 28 {
            return None;
        }
        let high = u32::try_from(amount >> 64).ok()?;
        let low = u64::try_from(amount & u128::from(u64::MAX)).ok()?;
        let sign = if value < 0 { 0x80 } else { 0 };
        Some(Self { scale, sign, high, low })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = (u128::from(self.high) << 64) | u128::from(self.low);
        let scale = usize::from(self.scale);
        let digits = format!("{amount:0width$}", width = scale + 1);
        let (whole, places) = digits.split_at(digits.len() - scale);
        let sign = if self.sign == 0x80 { "-" } else { "" };
        let point = if scale == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{places}")
    }
}
