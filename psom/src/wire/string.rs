//! PSOM strings (section 6.2): a 16-bit length and masked bytes.
//!
//! A string is a sequence of UTF-16 code units, each encoded in one to three bytes (ruling 7).
//! U+0000 is encoded as C0 80, and a character above U+FFFF as two surrogates of three bytes each.
//! All other characters have their UTF-8 encoding.

use super::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc};
use crate::error::{DecodeError, Misuse};

/// The masks of consecutive bytes. The mask of the byte that is `d` bytes before the last one is
/// -17 * (d + 1) modulo 256: it grows by 17 from byte to byte and repeats after 256 bytes. The
/// table holds two periods, so that 256 consecutive masks can be read from any start in the first.
static MASK: [u8; 512] = {
    let mut mask = [0u8; 512];
    let mut i = 1;
    while i < mask.len() {
        mask[i] = mask[i - 1].wrapping_add(17);
        i += 1;
    }
    mask
};

/// Masks or unmasks the bytes of a complete string in place.
fn mask(bytes: &mut [u8]) {
    let start = bytes.len().wrapping_neg() % 256;
    for period in bytes.chunks_mut(256) {
        for (byte, mask) in period.iter_mut().zip(&MASK[start..]) {
            *byte ^= mask;
        }
    }
}

impl PsomType for String {
    const TYPE: TypeDesc = TypeDesc::String;
}

impl Encode for str {
    fn encode(&self, out: &mut Encoder<'_>) {
        let start = out.out.len();
        out.out.extend_from_slice(&[0, 0]);
        if self.bytes().all(is_same_in_psom) {
            out.out.extend_from_slice(self.as_bytes());
        } else {
            for unit in self.encode_utf16() {
                push_unit(out.out, unit);
            }
        }
        let bytes = out.out.len() - start - 2;
        let Ok(length) = u16::try_from(bytes) else {
            out.out.truncate(start);
            return out.fail(Misuse::StringTooLong(bytes));
        };
        out.out[start..start + 2].copy_from_slice(&length.to_be_bytes());
        mask(&mut out.out[start + 2..]);
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_str().encode(out);
    }
}

/// Reports whether a byte of UTF-8 belongs to a character with the same encoding in PSOM: a
/// character other than U+0000 and not above U+FFFF.
fn is_same_in_psom(byte: u8) -> bool {
    byte != 0 && byte < 0xf0
}

fn push_unit(out: &mut Vec<u8>, unit: u16) {
    let tail = |shift: u16| 0x80 | ((unit >> shift) & 0x3f) as u8;
    match unit {
        0x0001..=0x007f => out.push(unit.to_be_bytes()[1]),
        0x0000 | 0x0080..=0x07ff => out.extend([0xc0 | ((unit >> 6) & 0x1f) as u8, tail(0)]),
        0x0800..=0xffff => out.extend([0xe0 | (unit >> 12) as u8, tail(6), tail(0)]),
    }
}

impl Decode for String {
    const MIN_SIZE: usize = 2;

    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut bytes = masked(input)?.to_vec();
        mask(&mut bytes);
        Self::from_utf8(bytes).or_else(|not_utf8| {
            let mut text = Self::new();
            push_units(&mut text, not_utf8.as_bytes())?;
            Ok(text)
        })
    }
}

/// A string that was decoded into the text buffer of its call, from which handlers borrow it.
#[derive(Debug, Clone)]
pub struct TextSpan(std::ops::Range<usize>);

impl TextSpan {
    /// Borrows the string from the text buffer of the call.
    pub(crate) fn lend<'s>(&self, text: &'s str) -> &'s str {
        text.get(self.0.clone()).unwrap_or_default()
    }
}

impl Decode for TextSpan {
    const MIN_SIZE: usize = 2;

    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let masked = masked(input)?;
        let start = input.text.len();
        // A `String` must be valid UTF-8 at all times, so the bytes are unmasked outside of it.
        let mut short = [0; 256];
        let mut long = Vec::new();
        let bytes = match short.get_mut(..masked.len()) {
            Some(short) => {
                short.copy_from_slice(masked);
                short
            }
            None => {
                long.extend_from_slice(masked);
                &mut long[..]
            }
        };
        mask(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => input.text.push_str(text),
            Err(_) => push_units(&mut input.text, bytes)?,
        }
        Ok(Self(start..input.text.len()))
    }
}

fn masked<'a>(input: &mut Decoder<'a>) -> Result<&'a [u8], DecodeError> {
    let length = u16::from_be_bytes(input.array()?);
    input.take(length.into())
}

/// Decodes and appends text that is not valid UTF-8: code units of one to three bytes, including
/// surrogates and C0 80, and standard sequences of four bytes (ruling 7).
fn push_units(text: &mut String, mut bytes: &[u8]) -> Result<(), DecodeError> {
    let mut units = Vec::new();
    while let Some((&lead, rest)) = bytes.split_first() {
        let (tails, min) = match lead {
            0x00..=0x7f => (0, 0),
            // C0 80 is U+0000. Every other character must have its shortest form.
            0xc0..=0xdf => (1, if bytes.starts_with(&[0xc0, 0x80]) { 0 } else { 0x80 }),
            0xe0..=0xef => (2, 0x800),
            0xf0..=0xf4 => (3, 0x1_0000),
            _ => return Err(DecodeError::String),
        };
        let tail = rest.get(..tails).ok_or(DecodeError::String)?;
        let mut scalar = u32::from(lead) & (0x7f >> if tails == 0 { 0 } else { tails + 1 });
        for &byte in tail {
            if byte & 0xc0 != 0x80 {
                return Err(DecodeError::String);
            }
            scalar = (scalar << 6) | u32::from(byte & 0x3f);
        }
        if scalar < min {
            return Err(DecodeError::String);
        }
        match u16::try_from(scalar) {
            Ok(unit) => units.push(unit),
            Err(_) => {
                let wide = char::from_u32(scalar).ok_or(DecodeError::String)?;
                units.extend(wide.encode_utf16(&mut [0; 2]).iter());
            }
        }
        bytes = &rest[tails..];
    }
    let scalars = char::decode_utf16(units);
    text.extend(scalars.map(|scalar| scalar.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Ok(())
}
