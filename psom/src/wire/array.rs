//! Arrays (section 3.1.1.1.1): a count as GenericInt, then the elements.

use bytes::Bytes;

use super::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc, int};
use crate::error::DecodeError;

impl<T: PsomType> PsomType for [T] {
    const TYPE: TypeDesc = TypeDesc::Array(&T::TYPE);
}

impl<T: PsomType> PsomType for Vec<T> {
    const TYPE: TypeDesc = TypeDesc::Array(&T::TYPE);
}

impl<T: PsomType, const N: usize> PsomType for [T; N] {
    const TYPE: TypeDesc = TypeDesc::Array(&T::TYPE);
}

/// `Byte[]`, received without copying.
impl PsomType for Bytes {
    const TYPE: TypeDesc = TypeDesc::Array(&TypeDesc::Byte);
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Encoder<'_>) {
        // A call above the record limit is rejected when it is queued, so the count that this
        // writes for an array of 2^31 or more elements is never sent.
        int::write(out.out, i64::try_from(self.len()).unwrap_or(i64::MAX));
        T::encode_elements(self, out);
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

impl Encode for Bytes {
    fn encode(&self, out: &mut Encoder<'_>) {
        self.as_ref().encode(out);
    }
}

/// Reads the count of an array and checks it against the number of remaining bytes.
fn count(input: &mut Decoder<'_>, min_size: usize) -> Result<usize, DecodeError> {
    let count = int::read_i32(input)?;
    let count = usize::try_from(count).map_err(|_| DecodeError::NegativeCount)?;
    match count.checked_mul(min_size.max(1)) {
        Some(bytes) if bytes <= input.remaining() => Ok(count),
        _ => Err(DecodeError::CountTooLarge),
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count = count(input, T::MIN_SIZE)?;
        T::decode_elements(input, count)
    }
}

impl Decode for Bytes {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count = count(input, 1)?;
        input.share(count)
    }
}
