use std::fmt;

/// A PSOM type, named as in interface definitions (section 3.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeDesc {
    /// `0x00` or `0x01` (section 3.1.1.1.2).
    Boolean,
    /// One unencoded byte (section 3.1.1.1.3).
    Byte,
    /// A signed 16-bit integer.
    Int16,
    /// A signed 32-bit integer (section 3.1.1.1.6).
    Int32,
    /// A signed 64-bit integer (section 3.1.1.1.7).
    Int64,
    /// An unsigned 32-bit integer.
    UInt32,
    /// An unsigned 64-bit integer.
    UInt64,
    /// An IEEE 754 double, big-endian (section 3.1.1.1.9).
    Double,
    /// A masked UTF-8 string of at most 65,535 bytes (sections 3.1.1.1.8 and 6.2).
    String,
    /// A reference to a connected object, or null (section 3.1.1.1.4).
    DistributedObject,
    /// An Int32 with named values, and the name of the enumeration.
    Enum(&'static str),
    /// A count followed by that number of elements (section 3.1.1.1.1).
    Array(&'static Self),
}

impl fmt::Display for TypeDesc {
    /// Prints the type in the notation of section 3.1.4.1.1, for example `String[][]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enum(name) => write!(f, "Int32 /* {name} */"),
            Self::Array(Self::Enum(name)) => write!(f, "Int32[] /* {name} */"),
            Self::Array(element) => write!(f, "{element}[]"),
            plain => write!(f, "{plain:?}"),
        }
    }
}

/// A Rust type that can be a parameter of a PSOM method.
///
/// The types are `bool`, `u8`, `i16`, `i32`, `i64`, `u32`, `u64`, `f64`, `String`/`str`,
/// [`Bytes`](bytes::Bytes), [`ObjectRef`](crate::ObjectRef), and `Vec<T>`/`[T]` of these. Use
/// `#[derive(PsomType)]` for an enumeration with integer values or a struct with one field. The
/// derive also accepts a struct with several named fields: it becomes an
/// [`Argument`](crate::interface::Argument) of several parameters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a PSOM type",
    label = "not a PSOM type",
    note = "use bool, u8, i16, i32, i64, u32, u64, f64, String, &str, Bytes, &[u8], ObjectRef, or Vec<T> of these",
    note = "or `#[derive(PsomType)]` on your enumeration or one-field struct"
)]
pub trait PsomType {
    /// The type in interface definitions.
    const TYPE: TypeDesc;
}
