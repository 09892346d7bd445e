//! Arrays (section 3.1.1.1.1): a count as GenericInt, then the elements.

use bytes::Bytes;

use super::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc};
use crate::error::DecodeError;

impl<T: PsomType> PsomType for Vec<T> {
    const TYPE: TypeDesc = TypeDesc::Array(&T::TYPE);
}

/// An array of no or one element.
impl<T: PsomType> PsomType for Option<T> {
    const TYPE: TypeDesc = TypeDesc::Array(&T::TYPE);
}

/// `Byte[]`, received without copying.
impl PsomType for Bytes {
    const TYPE: TypeDesc = TypeDesc::Array(&TypeDesc::Byte);
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Encoder<'_>) {
        T::encode_array(self, out);
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_slice().encode(out);
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_slice().encode(out);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Encoder<'_>) {
        T::encode_array(self.as_slice(), out);
    }
}

impl Encode for Bytes {
    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_ref().encode(out);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        T::decode_array(input)
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut elements = T::decode_array(input)?.into_iter();
        let value = elements.next();
        if elements.next().is_some() { Err(DecodeError::OptionCount) } else { Ok(value) }
    }
}

impl Decode for Bytes {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count = input.read_count(1)?;
        input.share(count)
    }
}
