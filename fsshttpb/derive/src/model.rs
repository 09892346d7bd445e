//! The plain data that `parse` produces and `expand` consumes.

use syn::{Ident, LitStr, Type};

/// An object type: a struct with `#[stream_object(NUMBER)]`.
pub(crate) struct Object {
    pub(crate) name: Ident,
    pub(crate) number: u16,
    pub(crate) compound: bool,
    pub(crate) children: Vec<Type>,
    pub(crate) print: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
}

/// A field of an object type.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// Whether the field takes all bytes that are left.
    pub(crate) rest: bool,
}

/// A table of object types: an enum.
pub(crate) struct Table {
    pub(crate) name: Ident,
    pub(crate) variants: Vec<Variant>,
    pub(crate) unknown: Ident,
}

/// A variant of a table.
pub(crate) struct Variant {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}
