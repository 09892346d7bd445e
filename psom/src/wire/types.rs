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
    /// A struct with several named fields: one parameter for each field. An array of it is one array
    /// for each field, all of the same length.
    Record(&'static [ParamDesc]),
}

impl TypeDesc {
    /// Reports whether no part of the type is a record.
    const fn has_no_record(&self) -> bool {
        match self {
            Self::Record(_) => false,
            Self::Array(element) => element.has_no_record(),
            _ => true,
        }
    }
}

/// A parameter of a method, or a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamDesc {
    /// The parameter's name.
    pub name: &'static str,
    /// The parameter's type.
    pub kind: TypeDesc,
}

impl ParamDesc {
    /// Creates a parameter of the Rust type `T`.
    ///
    /// # Panics
    /// `T` contains a record in any form but the record itself, a list of it, or an `Option` of it.
    /// Generated code calls this function at compile time.
    pub const fn new<T: PsomType>(name: &'static str) -> Self {
        Self::of(name, T::TYPE)
    }

    /// Creates a parameter of a type.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub const fn of(name: &'static str, kind: TypeDesc) -> Self {
        let supported = match &kind {
            TypeDesc::Record(_) | TypeDesc::Array(TypeDesc::Record(_)) => true,
            other => other.has_no_record(),
        };
        assert!(
            supported,
            "a struct of several fields is sent as it is, in one list or in one `Option`; use \
             lists of values instead of this nesting"
        );
        Self { name, kind }
    }

    /// Creates a field of a record.
    ///
    /// # Panics
    /// `T` contains another record. Generated code calls this function at compile time.
    pub const fn field<T: PsomType>(name: &'static str) -> Self {
        assert!(
            T::TYPE.has_no_record(),
            "a struct of several fields cannot be a field of another one; write its fields here"
        );
        Self { name, kind: T::TYPE }
    }

    /// Returns the parameters that are sent: one for each field of a record, or this one.
    pub fn sent(&'static self) -> impl Iterator<Item = Self> {
        let (fields, in_array) = match &self.kind {
            TypeDesc::Record(fields) => (*fields, false),
            TypeDesc::Array(TypeDesc::Record(fields)) => (*fields, true),
            _ => (std::slice::from_ref(self), false),
        };
        fields.iter().map(move |field| match in_array {
            true => Self { name: field.name, kind: TypeDesc::Array(&field.kind) },
            false => *field,
        })
    }
}

impl fmt::Display for TypeDesc {
    /// Prints the type in the notation of section 3.1.4.1.1, for example `String[][]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enum(name) => write!(f, "Int32 /* {name} */"),
            Self::Array(Self::Enum(name)) => write!(f, "Int32[] /* {name} */"),
            Self::Array(element) => write!(f, "{element}[]"),
            Self::Record(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|field| format!("{} {}", field.kind, field.name)).collect();
                write!(f, "{{ {} }}", fields.join(", "))
            }
            plain => write!(f, "{plain:?}"),
        }
    }
}

/// A Rust type that can be a parameter of a PSOM method.
///
/// The types are `bool`, `u8`, `i16`, `i32`, `i64`, `u32`, `u64`, `f64`, `String`,
/// [`Bytes`](bytes::Bytes), [`ObjectRef`](crate::ObjectRef), and `Vec<T>` and `Option<T>` of these.
/// Use `#[derive(PsomType)]` for an enumeration with integer values and for a struct. Methods can
/// also borrow parameters; see [`Lend`](crate::interface::Lend).
///
/// An `Option` is an array of no or one element. A struct with several named fields, a *record*, is
/// sent as one parameter for each field, and a `Vec` or `Option` of it as one array for each field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a PSOM type",
    label = "not a PSOM type",
    note = "use bool, u8, i16, i32, i64, u32, u64, f64, String, &str, Bytes, &[u8], ObjectRef, or Vec<T> or Option<T> of these",
    note = "or `#[derive(PsomType)]` on your enumeration or struct"
)]
pub trait PsomType: super::Encode + super::Decode {
    /// The type in interface definitions.
    const TYPE: TypeDesc;
}
