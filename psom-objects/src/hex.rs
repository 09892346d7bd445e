//! Bytes as hexadecimal digits, in text and with `#[serde(with = "crate::hex")]`.

use std::fmt::Write;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Returns two lower-case digits for each byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let digits = String::deserialize(deserializer)?;
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes = digits.as_bytes().chunks(2).map(byte).collect::<Option<Vec<_>>>();
    bytes.map(Bytes::from).ok_or_else(|| D::Error::custom("expected pairs of hexadecimal digits"))
}
