//! The trait of all atoms, fixed-size integers and absent values.

use super::{Reader, Writer};
use crate::error::DecodeError;

/// A value inside the data of an object.
pub trait Atom: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// The bytes end too early or break the value's rule.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Writes the value in its shortest form.
    fn write(&self, writer: &mut Writer<'_>);
}

macro_rules! fixed {
    ($($ty:ty),*) => {$(
        impl Atom for $ty {
            fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().map(<$ty>::from_le_bytes)
            }

            fn write(&self, writer: &mut Writer<'_>) {
                writer.put(&self.to_le_bytes());
            }
        }
    )*};
}
fixed!(u8, u16, u32, u64);

/// A value that newer writers append. It is absent if the object ends before it.
impl<T: Atom> Atom for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.left() == 0 { Ok(None) } else { T::read(reader).map(Some) }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        if let Some(value) = self {
            value.write(writer);
        }
    }
}
