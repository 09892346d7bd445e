use super::scalar::{Bstr, Currency, Date, Decimal};
use crate::Guid;

/// The types of a VARIANT (MS-OAUT section 2.2.7).
pub(crate) mod vt {
    pub(crate) const EMPTY: u16 = 0;
    pub(crate) const NULL: u16 = 1;
    pub(crate) const I2: u16 = 2;
    pub(crate) const I4: u16 = 3;
    pub(crate) const R4: u16 = 4;
    pub(crate) const R8: u16 = 5;
    pub(crate) const CY: u16 = 6;
    pub(crate) const DATE: u16 = 7;
    pub(crate) const BSTR: u16 = 8;
    pub(crate) const DISPATCH: u16 = 9;
    pub(crate) const ERROR: u16 = 0xA;
    pub(crate) const BOOL: u16 = 0xB;
    pub(crate) const VARIANT: u16 = 0xC;
    pub(crate) const UNKNOWN: u16 = 0xD;
    pub(crate) const DECIMAL: u16 = 0xE;
    pub(crate) const I1: u16 = 0x10;
    pub(crate) const UI1: u16 = 0x11;
    pub(crate) const UI2: u16 = 0x12;
    pub(crate) const UI4: u16 = 0x13;
    pub(crate) const I8: u16 = 0x14;
    pub(crate) const UI8: u16 = 0x15;
    pub(crate) const INT: u16 = 0x16;
    pub(crate) const UINT: u16 = 0x17;
    pub(crate) const ARRAY: u16 = 0x2000;
    pub(crate) const BYREF: u16 = 0x4000;
}

/// The types of a SAFEARRAY's union (MS-OAUT section 2.2.8).
pub(crate) mod sf {
    pub(crate) const I1: u32 = 0x10;
    pub(crate) const I2: u32 = 2;
    pub(crate) const I4: u32 = 3;
    pub(crate) const I8: u32 = 0x14;
    pub(crate) const BSTR: u32 = 8;
    pub(crate) const DISPATCH: u32 = 9;
    pub(crate) const VARIANT: u32 = 0xC;
    pub(crate) const UNKNOWN: u32 = 0xD;
    pub(crate) const HAVE_IID: u32 = 0x800D;
}

/// The deepest nesting of VARIANTs, so that reading and writing need a bounded stack.
pub(crate) const MAX_DEPTH: u32 = 32;
/// The referent of a BSTR and of a VARIANT: `User`.
pub(crate) const USER_REFERENT: u32 = 0x7265_7355;

/// An object in place of a reference to it (section 2.2.6.1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The second reserved field: 1 or 3, ignored on receipt.
    pub reserved_2: u32,
    /// The class that makes the object from its bytes.
    pub class: Guid,
    /// The object's bytes. Inside a VARIANT they are followed by up to 7 bytes of padding, which
    /// reading cannot tell apart.
    pub data: Vec<u8>,
}

/// A VARIANT: a value with its type.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the variants are the types of MS-OAUT section 2.2.7")]
pub enum Variant {
    #[default]
    Empty,
    Null,
    I1(i8),
    UI1(u8),
    I2(i16),
    UI2(u16),
    I4(i32),
    UI4(u32),
    I8(i64),
    UI8(u64),
    Int(i32),
    UInt(u32),
    R4(f32),
    R8(f64),
    Currency(Currency),
    Date(Date),
    Bstr(Bstr),
    Bool(bool),
    Error(u32),
    Decimal(Decimal),
    /// An object for IDispatch, or a null reference.
    Dispatch(Option<Box<Object>>),
    /// An object for IUnknown, or a null reference.
    Unknown(Option<Box<Object>>),
    Array(Box<SafeArray>),
    /// A null SAFEARRAY with the type of its elements.
    NullArray(u16),
    /// A reference to a value of any other type but `Empty`, `Null`, `ByRef` and `VariantRef`.
    ByRef(Box<Self>),
    /// A reference to a VARIANT.
    VariantRef(Box<Self>),
}

impl Variant {
    /// The value of an optional argument that was left out.
    pub const MISSING: Self = Self::Error(0x8002_0004);

    /// Returns the type as on the wire (MS-OAUT section 2.2.7).
    #[must_use]
    pub fn vt(&self) -> u16 {
        match self {
            Self::Empty => vt::EMPTY,
            Self::Null => vt::NULL,
            Self::I1(_) => vt::I1,
            Self::UI1(_) => vt::UI1,
            Self::I2(_) => vt::I2,
            Self::UI2(_) => vt::UI2,
            Self::I4(_) => vt::I4,
            Self::UI4(_) => vt::UI4,
            Self::I8(_) => vt::I8,
            Self::UI8(_) => vt::UI8,
            Self::Int(_) => vt::INT,
            Self::UInt(_) => vt::UINT,
            Self::R4(_) => vt::R4,
            Self::R8(_) => vt::R8,
            Self::Currency(_) => vt::CY,
            Self::Date(_) => vt::DATE,
            Self::Bstr(_) => vt::BSTR,
            Self::Bool(_) => vt::BOOL,
            Self::Error(_) => vt::ERROR,
            Self::Decimal(_) => vt::DECIMAL,
            Self::Dispatch(_) => vt::DISPATCH,
            Self::Unknown(_) => vt::UNKNOWN,
            Self::Array(array) => vt::ARRAY | array.elements.vt(),
            Self::NullArray(element) => vt::ARRAY | element,
            Self::ByRef(value) => vt::BYREF | value.vt(),
            Self::VariantRef(_) => vt::BYREF | vt::VARIANT,
        }
    }

    /// Returns the value behind any references.
    #[must_use]
    pub fn dereferenced(&self) -> &Self {
        match self {
            Self::ByRef(value) | Self::VariantRef(value) => value.dereferenced(),
            value => value,
        }
    }
}

/// A dimension of a [`SafeArray`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The number of elements in this dimension.
    pub count: u32,
    /// The index of the first element.
    pub lower: i32,
}

/// A SAFEARRAY. The bounds are in natural order: the leftmost dimension comes first, as real
/// Windows writes them (MS-OAUT section 2.2.30.10 says that they are reversed).
#[derive(Clone, Debug, PartialEq)]
pub struct SafeArray {
    /// The feature flags (MS-OAUT section 2.2.9).
    pub features: u16,
    /// The lower 16 bits of the lock count.
    pub locks: u16,
    /// The dimensions; at least one.
    pub bounds: Vec<Bound>,
    /// The elements in the order of memory.
    pub elements: Elements,
}

/// The elements of a [`SafeArray`]. Numbers carry the type of the elements as on the wire, because
/// several types share a size.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the name of a variant says what it holds")]
pub enum Elements {
    Bytes(u16, Box<[u8]>),
    Words(u16, Box<[u16]>),
    Longs(u16, Box<[u32]>),
    Hypers(u16, Box<[u64]>),
    Bstrs(Box<[Bstr]>),
    Variants(Box<[Variant]>),
}

impl Elements {
    /// Returns the type of the elements.
    #[must_use]
    pub fn vt(&self) -> u16 {
        match self {
            Self::Bytes(vt, _) | Self::Words(vt, _) | Self::Longs(vt, _) | Self::Hypers(vt, _) => {
                *vt
            }
            Self::Bstrs(_) => vt::BSTR,
            Self::Variants(_) => vt::VARIANT,
        }
    }

    /// Returns the number of elements.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no caller needs `is_empty`")]
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(_, elements) => elements.len(),
            Self::Words(_, elements) => elements.len(),
            Self::Longs(_, elements) => elements.len(),
            Self::Hypers(_, elements) => elements.len(),
            Self::Bstrs(elements) => elements.len(),
            Self::Variants(elements) => elements.len(),
        }
    }

    /// Returns the union's type and the size of an element, both as on the wire.
    pub(crate) fn shape(&self) -> (u32, u32) {
        match self {
            Self::Bytes(..) => (sf::I1, 1),
            Self::Words(..) => (sf::I2, 2),
            Self::Longs(..) => (sf::I4, 4),
            Self::Hypers(..) => (sf::I8, 8),
            Self::Bstrs(_) => (sf::BSTR, 4),
            Self::Variants(_) => (sf::VARIANT, 16),
        }
    }
}

/// Returns the union's type for elements of type `vt`, or `None` if such elements are not
/// supported.
pub(crate) fn union_of(element: u16) -> Option<u32> {
    Some(match element {
        vt::I1 | vt::UI1 => sf::I1,
        vt::I2 | vt::UI2 | vt::BOOL => sf::I2,
        vt::I4 | vt::UI4 | vt::R4 | vt::ERROR | vt::INT | vt::UINT => sf::I4,
        vt::I8 | vt::UI8 | vt::R8 | vt::CY | vt::DATE => sf::I8,
        vt::BSTR => sf::BSTR,
        vt::VARIANT => sf::VARIANT,
        _ => return None,
    })
}

/// Feature: the array carries the type of its elements.
const HAVE_VARTYPE: u16 = 0x80;
/// Feature: the elements are BSTRs.
const BSTR: u16 = 0x100;
/// Feature: the elements are VARIANTs.
const VARIANT: u16 = 0x800;

impl SafeArray {
    /// Builds an array of one dimension with the lower bound 0.
    #[must_use]
    pub fn new(elements: Elements) -> Self {
        let features = match &elements {
            Elements::Bstrs(_) => HAVE_VARTYPE | BSTR,
            Elements::Variants(_) => HAVE_VARTYPE | VARIANT,
            _ => HAVE_VARTYPE,
        };
        // Writing reports an array whose bounds do not match.
        let bound = Bound { count: u32::try_from(elements.len()).unwrap_or(u32::MAX), lower: 0 };
        Self { features, locks: 0, bounds: vec![bound], elements }
    }

    /// Reports whether the bounds multiply to the number of elements.
    pub(crate) fn is_well_formed(&self) -> bool {
        let counts = self.bounds.iter().map(|bound| bound.count as usize);
        let product = counts.into_iter().try_fold(1usize, usize::checked_mul);
        !self.bounds.is_empty() && product == Some(self.elements.len())
    }
}
