//! Compact integers, GUIDs, extended GUIDs, serial numbers, cell identifiers and items
//! (MS-FSSHTTPB 2.2.1.1 to 2.2.1.11). All values are little-endian and unaligned.

mod blob;
mod compact;
mod guid;
mod ids;
mod item;
pub(crate) mod named;
mod reader;
mod traits;
mod writer;

pub use blob::Blob;
pub use compact::{CompactU64, FileChunk};
pub use guid::{Guid, ParseGuidError};
pub use ids::{CellId, ExtendedGuid, SerialNumber};
pub use item::{BinaryItem, StringItem, Utf8Item};
pub(crate) use named::{flags, named_guids, named_numbers};
pub use reader::{Budget, Reader};
pub use traits::Atom;
pub use writer::Writer;
