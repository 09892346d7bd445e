//! GenericInt (section 6.1): small numbers in one byte, others as sign, length and magnitude.

use super::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc};
use crate::error::DecodeError;

/// The bit of a lead byte that marks a negative number.
const NEGATIVE_BIT: u8 = 0x08;

#[inline]
pub(super) fn write(out: &mut Vec<u8>, value: i64) {
    match value {
        // One byte in two's complement. 0x80 to 0x8f are reserved for lead bytes.
        -112..=127 => out.push(value.to_be_bytes()[7]),
        // Irregular encoding (ruling 6): the reference encoder computes the magnitude in a signed
        // type, in which it overflows.
        i64::MIN => out.extend([0x8d, 0, 0, 0, 0, 0, 0]),
        _ => write_magnitude(out, value < 0, value.unsigned_abs()),
    }
}

#[inline]
pub(super) fn write_i32(out: &mut Vec<u8>, value: i32) {
    match value {
        // Irregular encoding (ruling 6), like `i64::MIN` above.
        i32::MIN => out.extend([0x88, 0]),
        _ => write(out, value.into()),
    }
}

/// Returns the number of bytes that [`write_i32`] appends.
pub(super) fn encoded_i32_bytes(value: i32) -> usize {
    match value {
        -112..=127 => 1,
        i32::MIN => 2,
        _ => 1 /* lead byte */ + magnitude_bytes(value.unsigned_abs().into()),
    }
}

/// Returns the length of an encoded magnitude in bytes.
#[inline]
fn magnitude_bytes(magnitude: u64) -> usize {
    /// The lengths by the number of significant bytes. The format has no lengths 5 and 7.
    const LENGTHS: [usize; 9] = [1, 1, 2, 3, 4, 6, 6, 8, 8];
    let significant_bits = u64::BITS - magnitude.leading_zeros();
    LENGTHS[significant_bits.div_ceil(8) as usize]
}

#[inline]
fn write_magnitude(out: &mut Vec<u8>, negative: bool, magnitude: u64) {
    let length = magnitude_bytes(magnitude);
    #[expect(clippy::cast_possible_truncation, reason = "the length is at most 8")]
    let lead = 0x80 | (length as u8 - 1);
    let mut bytes = [0; 1 /* lead byte */ + 8];
    bytes[0] = if negative { lead | NEGATIVE_BIT } else { lead };
    bytes[1..].copy_from_slice(&(magnitude << (64 - 8 * length)).to_be_bytes());
    // A copy of constant size is faster than one of the exact size.
    let end = out.len() + 1 + length;
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

/// Returns the number whose encoding is this single byte, if it is one.
#[inline]
pub(super) fn short(byte: u8) -> Option<i8> {
    (!(0x80..=0x8f).contains(&byte)).then_some(byte.cast_signed())
}

/// Returns the encoding of a number if it is a single byte.
#[inline]
pub(super) fn single_byte(value: i32) -> Option<u8> {
    matches!(value, -112..=127).then(|| value.to_be_bytes()[3])
}

/// A GenericInt before it is converted to the type of its parameter.
struct Raw {
    lead: u8,
    negative: bool,
    magnitude: u64,
}

#[inline]
fn read(input: &mut Decoder<'_>) -> Result<Raw, DecodeError> {
    let lead = input.byte()?;
    if let Some(value) = short(lead) {
        return Ok(Raw { lead, negative: value < 0, magnitude: value.unsigned_abs().into() });
    }
    let length = usize::from(lead & 0x07) + 1;
    // Eight bytes at once, if the message has them.
    if let (1..=4 | 6 | 8, Some(bytes)) = (length, input.rest().first_chunk()) {
        let magnitude = u64::from_be_bytes(*bytes) >> (64 - 8 * length);
        input.skip(length);
        return Ok(Raw { lead, negative: lead & NEGATIVE_BIT != 0, magnitude });
    }
    let magnitude = match lead & 0x07 {
        0 => input.byte()?.into(),
        1 => u16::from_be_bytes(input.array()?).into(),
        2 => {
            let [high, middle, low] = input.array()?;
            u32::from_be_bytes([0, high, middle, low]).into()
        }
        3 => u32::from_be_bytes(input.array()?).into(),
        5 => {
            let high = u16::from_be_bytes(input.array()?);
            (u64::from(high) << 32) | u64::from(u32::from_be_bytes(input.array()?))
        }
        7 => u64::from_be_bytes(input.array()?),
        _ => return Err(DecodeError::IntegerLead(lead)),
    };
    Ok(Raw { lead, negative: lead & NEGATIVE_BIT != 0, magnitude })
}

/// Reads a signed integer.
///
/// After the lead byte `irregular`, a magnitude of zero means `min` (ruling 6). After any other
/// negative lead byte, a magnitude of zero is an error.
#[inline]
pub(super) fn read_signed(
    input: &mut Decoder<'_>,
    (min, max): (i64, i64),
    irregular: Option<u8>,
    name: &'static str,
) -> Result<i64, DecodeError> {
    let raw = read(input)?;
    let value = match raw {
        Raw { negative: false, magnitude, .. } => i64::try_from(magnitude).ok(),
        Raw { magnitude: 0, lead, .. } => (Some(lead) == irregular).then_some(min),
        Raw { magnitude, .. } => 0i64.checked_sub_unsigned(magnitude),
    };
    value.filter(|value| (min..=max).contains(value)).ok_or(DecodeError::IntegerRange(name))
}

#[inline]
pub(super) fn read_i32(input: &mut Decoder<'_>) -> Result<i32, DecodeError> {
    let value = read_signed(input, (i32::MIN.into(), i32::MAX.into()), Some(0x88), "Int32")?;
    i32::try_from(value).map_err(|_| DecodeError::IntegerRange("Int32"))
}

#[inline]
pub(super) fn read_i64(input: &mut Decoder<'_>) -> Result<i64, DecodeError> {
    read_signed(input, (i64::MIN, i64::MAX), Some(0x8d), "Int64")
}

fn read_unsigned(input: &mut Decoder<'_>, name: &'static str) -> Result<u64, DecodeError> {
    match read(input)? {
        Raw { negative: false, magnitude, .. } => Ok(magnitude),
        Raw { .. } => Err(DecodeError::IntegerRange(name)),
    }
}

macro_rules! integer {
    ($type:ty, $name:ident, |$out:ident, $value:ident| $write:expr, |$input:ident| $read:expr) => {
        impl PsomType for $type {
            const TYPE: TypeDesc = TypeDesc::$name;
        }

        impl Encode for $type {
            #[inline]
            fn encode(&self, out: &mut Encoder<'_>) {
                let ($out, $value) = (&mut *out.out, *self);
                $write;
            }
        }

        impl Decode for $type {
            #[inline]
            fn decode($input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                $read
            }
        }
    };
}

integer!(i16, Int16, |out, value| write(out, value.into()), |input| {
    let value = read_signed(input, (i16::MIN.into(), i16::MAX.into()), None, "Int16")?;
    i16::try_from(value).map_err(|_| DecodeError::IntegerRange("Int16"))
});
integer!(i32, Int32, |out, value| write_i32(out, value), |input| read_i32(input));
integer!(i64, Int64, |out, value| write(out, value), |input| read_i64(input));
integer!(u32, UInt32, |out, value| write(out, value.into()), |input| {
    let value = read_unsigned(input, "UInt32")?;
    u32::try_from(value).map_err(|_| DecodeError::IntegerRange("UInt32"))
});
integer!(
    u64,
    UInt64,
    |out, value| match i64::try_from(value) {
        Ok(value) => write(out, value),
        Err(_) => write_magnitude(out, false, value),
    },
    |input| read_unsigned(input, "UInt64")
);
