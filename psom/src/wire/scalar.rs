//! Boolean, Byte and Double (sections 3.1.1.1.2, 3.1.1.1.3 and 3.1.1.1.9).

use bytes::Bytes;

use super::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc};
use crate::error::DecodeError;

impl PsomType for bool {
    const TYPE: TypeDesc = TypeDesc::Boolean;
}

impl Encode for bool {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.out.push((*self).into());
    }
}

impl Decode for bool {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::Boolean(other)),
        }
    }
}

impl PsomType for u8 {
    const TYPE: TypeDesc = TypeDesc::Byte;
}

impl Encode for u8 {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.out.push(*self);
    }

    fn encode_array(elements: &[Self], out: &mut Encoder<'_>) {
        out.count(elements.len());
        out.out.extend_from_slice(elements);
    }
}

impl Decode for u8 {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.byte()
    }

    fn decode_array(input: &mut Decoder<'_>) -> Result<Vec<Self>, DecodeError> {
        let count = input.read_count(1)?;
        input.take(count).map(<[Self]>::to_vec)
    }

    fn of_bytes(bytes: &Bytes) -> Option<&[Self]> {
        Some(bytes)
    }
}

impl PsomType for f64 {
    const TYPE: TypeDesc = TypeDesc::Double;
}

impl Encode for f64 {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.out.extend(self.to_be_bytes());
    }
}

impl Decode for f64 {
    const MIN_SIZE: usize = 8;

    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.array().map(Self::from_be_bytes)
    }
}
