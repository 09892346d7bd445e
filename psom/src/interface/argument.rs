use crate::wire::{PsomType, TypeDesc};

/// A Rust type that can be an argument of a PSOM method.
///
/// Every [`PsomType`] is an argument of one parameter. A struct with several named fields that
/// derives `PsomType` is *flattened*: it is an argument of one parameter per field, encoded one
/// after the other. The wire bytes and the descriptor are those of a method that takes the fields
/// one by one. A flattened struct cannot be an element of an array or a field of another struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a PSOM type",
    label = "not a PSOM type",
    note = "use bool, u8, i16, i32, i64, u32, u64, f64, String, &str, Bytes, &[u8], ObjectRef, or Vec<T> of these",
    note = "or `#[derive(PsomType)]` on your enumeration or struct; a struct of several fields cannot be in an array"
)]
pub trait Argument {
    /// The parameters that encode the argument.
    const SHAPE: ArgumentShape;
}

/// The parameters that encode an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentShape {
    /// One parameter with the name of the argument.
    One(TypeDesc),
    /// One parameter per field.
    Fields(&'static [ParamDesc]),
}

impl<T: PsomType + ?Sized> Argument for T {
    const SHAPE: ArgumentShape = ArgumentShape::One(T::TYPE);
}

/// A parameter of a method.
#[derive(Debug, PartialEq, Eq)]
pub struct ParamDesc {
    /// The parameter's name.
    pub name: &'static str,
    /// The parameter's type.
    pub kind: TypeDesc,
}

impl ParamDesc {
    /// Creates a parameter of the Rust type `T`.
    pub const fn new<T: PsomType + ?Sized>(name: &'static str) -> Self {
        Self { name, kind: T::TYPE }
    }
}
