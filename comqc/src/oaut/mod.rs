//! The types of OLE Automation (MS-OAUT section 2.2) in marshaled data.
//!
//! Records (VT_RECORD) are not supported: their layout needs a type library. Arrays of objects are
//! not supported: no field gives the length of an object in an array.

mod argument;
mod invoke;
mod model;
mod read;
mod scalar;
mod write;

pub use argument::{FromArgument, ToArgument};
pub use invoke::{IID_IDISPATCH, INVOKE_OPNUM, Invoke, PROPERTY_PUT_NAME, flags};
pub use model::{Bound, Elements, Object, SafeArray, Variant};
pub use read::{read_bstr, read_object, read_safe_array, read_variant};
pub use scalar::{Bstr, Currency, Date, Decimal};
pub use write::{write_bstr, write_object, write_safe_array, write_variant};
