use super::{
    model::{Object, SafeArray, Variant},
    read::{read_bool, read_bstr, read_object, read_safe_array, read_variant},
    scalar::{Bstr, Currency, Date, Decimal},
    write::{write_bstr, write_object, write_safe_array, write_variant},
};
use crate::{
    error::{ReadResult, Rule, WriteError},
    ndr::{Reader, Writer},
};

/// A value that a queued call can carry as a parameter.
pub trait ToArgument {
    /// Writes the parameter in NDR.
    ///
    /// # Errors
    /// The value has a part that cannot be written.
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError>;

    /// Converts the parameter for a late-bound call.
    fn to_variant(&self) -> Variant;
}

/// A value that is read from a queued call's parameter.
pub trait FromArgument: Sized {
    /// Reads the parameter in NDR.
    ///
    /// # Errors
    /// The data ends or violates a rule.
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self>;

    /// Converts an argument of a late-bound call. Integers convert to other integer types if the
    /// value fits. Returns `None` if the argument does not have the parameter's type.
    fn from_variant(value: &Variant) -> Option<Self>;
}

/// Returns the integer that a VARIANT holds.
fn integer(value: &Variant) -> Option<i128> {
    Some(match *value.dereferenced() {
        Variant::I1(value) => value.into(),
        Variant::UI1(value) => value.into(),
        Variant::I2(value) => value.into(),
        Variant::UI2(value) => value.into(),
        Variant::I4(value) | Variant::Int(value) => value.into(),
        Variant::UI4(value) | Variant::UInt(value) => value.into(),
        Variant::I8(value) => value.into(),
        Variant::UI8(value) => value.into(),
        _ => return None,
    })
}

macro_rules! integers {
    ($($type:ident $variant:ident)*) => {$(
        impl ToArgument for $type {
            fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
                writer.$type(*self);
                Ok(())
            }

            fn to_variant(&self) -> Variant {
                Variant::$variant(*self)
            }
        }

        impl FromArgument for $type {
            fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
                reader.$type()
            }

            fn from_variant(value: &Variant) -> Option<Self> {
                integer(value).and_then(|value| value.try_into().ok())
            }
        }
    )*};
}

integers! { i8 I1 u8 UI1 i16 I2 u16 UI2 i32 I4 u32 UI4 i64 I8 u64 UI8 }

/// Implements both traits for a type that has one VARIANT type.
macro_rules! values {
    ($(
        $type:ty, $variant:ident:
        write($value:ident, $writer:ident) $write:expr,
        read($reader:ident) $read:expr;
    )*) => {$(
        impl ToArgument for $type {
            fn write(&self, $writer: &mut Writer<'_>) -> Result<(), WriteError> {
                let $value = self;
                $write
            }

            fn to_variant(&self) -> Variant {
                Variant::$variant(self.clone().into())
            }
        }

        impl FromArgument for $type {
            fn read($reader: &mut Reader<'_>) -> ReadResult<Self> {
                $read
            }

            fn from_variant(value: &Variant) -> Option<Self> {
                match value.dereferenced() {
                    Variant::$variant(value) => Some(value.clone().into()),
                    _ => None,
                }
            }
        }
    )*};
}

values! {
    f32, R4: write(value, writer) { writer.f32(*value); Ok(()) }, read(reader) reader.f32();
    bool, Bool:
        write(value, writer) { writer.u16(if *value { 0xFFFF } else { 0 }); Ok(()) },
        read(reader) read_bool(reader);
    Currency, Currency:
        write(value, writer) { writer.i64(value.0); Ok(()) },
        read(reader) reader.i64().map(Currency);
    Date, Date:
        write(value, writer) { writer.f64(value.0); Ok(()) },
        read(reader) reader.f64().map(Date);
    Bstr, Bstr: write(value, writer) write_bstr(writer, value), read(reader) read_bstr(reader);
}

impl ToArgument for f64 {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        writer.f64(*self);
        Ok(())
    }

    fn to_variant(&self) -> Variant {
        Variant::R8(*self)
    }
}

impl FromArgument for f64 {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        reader.f64()
    }

    fn from_variant(value: &Variant) -> Option<Self> {
        match value.dereferenced() {
            Variant::R8(value) => Some(*value),
            Variant::R4(value) => Some((*value).into()),
            _ => None,
        }
    }
}

impl ToArgument for str {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        write_bstr(writer, &self.into())
    }

    fn to_variant(&self) -> Variant {
        Variant::Bstr(self.into())
    }
}

impl ToArgument for String {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        self.as_str().write(writer)
    }

    fn to_variant(&self) -> Variant {
        self.as_str().to_variant()
    }
}

impl FromArgument for String {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        read_bstr(reader).map(|text| text.to_text())
    }

    fn from_variant(value: &Variant) -> Option<Self> {
        Bstr::from_variant(value).map(|text| text.to_text())
    }
}

impl ToArgument for Decimal {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        writer.align(8);
        writer.u16(0);
        writer.u8(self.scale);
        writer.u8(self.sign);
        writer.u32(self.high);
        writer.u64(self.low);
        Ok(())
    }

    fn to_variant(&self) -> Variant {
        Variant::Decimal(*self)
    }
}

impl FromArgument for Decimal {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        reader.align(8)?;
        reader.u16()?;
        let (scale, sign) = (reader.u8()?, reader.u8()?);
        Ok(Self { scale, sign, high: reader.u32()?, low: reader.u64()? })
    }

    fn from_variant(value: &Variant) -> Option<Self> {
        match value.dereferenced() {
            Variant::Decimal(value) => Some(*value),
            _ => None,
        }
    }
}

impl ToArgument for Variant {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        write_variant(writer, self)
    }

    fn to_variant(&self) -> Variant {
        self.clone()
    }
}

impl FromArgument for Variant {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        read_variant(reader)
    }

    fn from_variant(value: &Variant) -> Option<Self> {
        Some(value.clone())
    }
}

impl ToArgument for SafeArray {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        write_safe_array(writer, self)
    }

    fn to_variant(&self) -> Variant {
        Variant::Array(self.clone().into())
    }
}

impl FromArgument for SafeArray {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        let field = reader.position();
        read_safe_array(reader, None)?.ok_or_else(|| reader.error_at(field, Rule::NullElement))
    }

    fn from_variant(value: &Variant) -> Option<Self> {
        match value.dereferenced() {
            Variant::Array(array) => Some((**array).clone()),
            _ => None,
        }
    }
}

/// An object is the last parameter of a method that is called through its vtable: no field gives
/// its length there.
impl ToArgument for Object {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        write_object(writer, self);
        Ok(())
    }

    fn to_variant(&self) -> Variant {
        Variant::Dispatch(Some(self.clone().into()))
    }
}

impl FromArgument for Object {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        read_object(reader)
    }

    fn from_variant(value: &Variant) -> Option<Self> {
        match value.dereferenced() {
            Variant::Dispatch(Some(object)) | Variant::Unknown(Some(object)) => {
                Some((**object).clone())
            }
            _ => None,
        }
    }
}
