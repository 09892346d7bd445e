//! `#[derive(StreamObject)]`, the derive macro of the [`fsshttpb`] crate, which re-exports it.
//!
//! `parse` reads the user's item into the plain data of `model` and reports every mistake at its
//! token. `expand` generates the implementation.
//!
//! [`fsshttpb`]: https://docs.rs/fsshttpb
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, Error, parse_macro_input};

/// Describes an object type of the protocol, or a table of object types.
///
/// # On a struct
///
/// ```
/// use fsshttpb::{atom::{CompactU64, ExtendedGuid}, object::StreamObject};
///
/// /// An entry of the waterline knowledge (MS-FSSHTTPB 2.2.1.13.5).
/// #[derive(StreamObject)]
/// #[stream_object(0x04, print = "{storage} waterline {waterline} reserved {reserved}")]
/// pub struct WaterlineEntry {
///     /// The cell storage.
///     pub storage: ExtendedGuid,
///     /// The highest serial number.
///     pub waterline: CompactU64,
///     /// Reserved.
///     pub reserved: CompactU64,
/// }
/// assert_eq!(WaterlineEntry::NUMBER, 4);
/// ```
///
/// The arguments of `#[stream_object(…)]` are the type number, which is at most 0x3FFF, then:
///
/// - `compound`: the object contains other objects and has an end.
/// - `children(A, B)`: the types of the objects that it can contain. Requires `compound`.
/// - `print = "…"`: a format string for the values, in which each field has its name. Without it,
///   each field prints as `name value`.
///
/// The fields travel in the order of their declaration. Each field's type implements `Atom`.
/// `#[stream_object(rest)]` marks a last field of the type `Blob`, which takes all bytes that are
/// left in the object.
///
/// # On an enum
///
/// Each variant holds one object type, and the last one, marked `#[stream_object(unknown)]`, holds
/// the objects of all other types. The enum becomes the table that maps a type number to its
/// reader. Two types with the same number are a compile error.
#[proc_macro_derive(StreamObject, attributes(stream_object))]
pub fn stream_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = match &input.data {
        Data::Struct(data) => parse::object(&input, data).map(|object| expand::object(&object)),
        Data::Enum(data) => parse::table(&input, data).map(|table| expand::table(&table)),
        Data::Union(data) => {
            Err(Error::new(data.union_token.span, "a union cannot describe an object type"))
        }
    };
    expanded.unwrap_or_else(Error::into_compile_error).into()
}
