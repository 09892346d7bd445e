//! A checked interface as plain data.

use proc_macro2::Ident;
use syn::Type;

/// An interface.
pub(crate) struct Interface {
    /// The IID as 16 bytes in wire order.
    pub(crate) iid: [u8; 16],
    /// Whether the base is IDispatch rather than IUnknown.
    pub(crate) is_dispatch: bool,
    pub(crate) methods: Vec<Method>,
}

/// A method.
pub(crate) struct Method {
    pub(crate) name: Ident,
    pub(crate) dispid: Option<Dispid>,
    pub(crate) parameters: Vec<Parameter>,
}

/// The number of a method in late-bound calls.
#[derive(Clone, Copy)]
pub(crate) struct Dispid {
    pub(crate) number: i32,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Method,
    Put,
    PutReference,
}

/// A parameter.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    /// The type as written.
    pub(crate) written: Type,
    /// The type of the decoded value.
    pub(crate) owned: Type,
    /// Whether the method borrows the value.
    pub(crate) is_borrowed: bool,
}
