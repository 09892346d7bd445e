//! Compact integers, GUIDs, extended GUIDs, serial numbers, cell identifiers and items
//! (MS-FSSHTTPB 2.2.1.1 to 2.2.1.11). All values are little-endian and unaligned.

mod compact;
mod guid;
mod ids;
mod item;
pub(crate) mod named;
mod reader;
mod writer;

pub use compact::{CompactU64, FileChunk};
pub use guid::{Guid, ParseGuidError};
pub use ids::{CellId, ExtendedGuid, SerialNumber};
pub use item::{BinaryItem, Blob, StringItem, Utf8Item};
pub(crate) use named::{flags, named_guids, named_numbers};
pub use reader::{Budget, Reader};
pub use writer::Writer;

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

/// An array: a compact count, then the items.
impl<T: Atom> Atom for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.count()?;
        reader.charge(count.saturating_mul(size_of::<T>()))?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(T::read(reader)?);
        }
        Ok(items)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        CompactU64(self.len() as u64).write(writer);
        for item in self {
            item.write(writer);
        }
    }
}
