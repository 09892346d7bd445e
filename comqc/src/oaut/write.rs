use super::{
    model::{Elements, MAX_DEPTH, Object, SafeArray, USER_REFERENT, Variant, vt},
    scalar::Bstr,
};
use crate::{error::WriteError, ndr::Writer};

/// The size of an object's header, without the object's bytes.
pub(crate) const OBJECT_HEADER_BYTES: u32 = 32;
/// The byte count of the null BSTR.
pub(crate) const NULL_BSTR: u32 = u32::MAX;

fn count(count: usize) -> Result<u32, WriteError> {
    u32::try_from(count).map_err(|_| WriteError::TooLarge)
}

/// Writes a BSTR with its referent (MS-OAUT section 2.2.23).
///
/// # Errors
/// The text has 4 GiB or more.
pub fn write_bstr(writer: &mut Writer<'_>, value: &Bstr) -> Result<(), WriteError> {
    writer.u32(USER_REFERENT);
    write_bstr_body(writer, value)
}

fn write_bstr_body(writer: &mut Writer<'_>, value: &Bstr) -> Result<(), WriteError> {
    let Some(bytes) = value.as_bytes() else {
        for field in [0, NULL_BSTR, 0] {
            writer.u32(field);
        }
        return Ok(());
    };
    let units = count(bytes.len().div_ceil(2))?;
    for field in [
        units,
        count(bytes.len()).ok().filter(|size| *size != NULL_BSTR).ok_or(WriteError::TooLarge)?,
        units,
    ] {
        writer.u32(field);
    }
    writer.bytes(bytes);
    if !bytes.len().is_multiple_of(2) {
        writer.u8(0);
    }
    Ok(())
}

/// Writes the structure that replaces a reference to an object (section 2.2.6.1.5), aligned to 4.
/// Inside a VARIANT, [`write_variant`] does this.
pub fn write_object(writer: &mut Writer<'_>, object: &Object) {
    writer.u32(0);
    writer.u32(OBJECT_HEADER_BYTES);
    writer.u32(object.reserved_2);
    writer.guid(object.class);
    writer.u32(0);
    writer.bytes(&object.data);
}

/// Writes a VARIANT with its referent (MS-OAUT section 2.2.29).
///
/// # Errors
/// The value has a part that cannot be written.
pub fn write_variant(writer: &mut Writer<'_>, value: &Variant) -> Result<(), WriteError> {
    writer.u32(USER_REFERENT);
    write_variant_body(writer, value, 0)
}

/// Writes the referents of several VARIANTs, then the VARIANTs.
pub(super) fn write_variants(
    writer: &mut Writer<'_>,
    values: &[Variant],
    depth: u32,
) -> Result<(), WriteError> {
    writer.align(4);
    for _ in values {
        writer.u32(USER_REFERENT);
    }
    values.iter().try_for_each(|value| write_variant_body(writer, value, depth))
}

fn write_variant_body(
    writer: &mut Writer<'_>,
    value: &Variant,
    depth: u32,
) -> Result<(), WriteError> {
    if depth > MAX_DEPTH {
        return Err(WriteError::TooDeep);
    }
    writer.align(8);
    let start = writer.position();
    writer.u32(0);
    writer.u32(0);
    writer.u16(value.vt());
    for _ in 0..3 {
        writer.u16(0);
    }
    writer.u32(switch_of(value.vt()));
    match value {
        Variant::ByRef(target) => {
            writer.u32(size_of_target(target)?);
            write_value(writer, target, depth)?;
        }
        Variant::VariantRef(target) => {
            writer.u32(16);
            writer.u32(USER_REFERENT);
            write_variant_body(writer, target, depth + 1)?;
        }
        value => write_value(writer, value, depth)?,
    }
    if matches!(value.dereferenced(), Variant::Dispatch(Some(_)) | Variant::Unknown(Some(_))) {
        // The size gives the length of the object: it has to be present in full.
        writer.align(8);
    }
    let size = (writer.position() - start).div_ceil(8);
    writer.patch_u32(start, count(size)?);
    Ok(())
}

/// Returns the union's switch for a type: the type, without that of an array's elements.
pub(super) fn switch_of(vt: u16) -> u32 {
    let is_array = vt & vt::ARRAY != 0;
    u32::from(if is_array { vt & (vt::ARRAY | vt::BYREF) } else { vt })
}

/// Returns the size in memory of the value that a by-reference VARIANT refers to, as Windows writes
/// it.
fn size_of_target(target: &Variant) -> Result<u32, WriteError> {
    Ok(match target {
        Variant::Empty | Variant::Null | Variant::ByRef(_) | Variant::VariantRef(_) => {
            return Err(WriteError::ByRef);
        }
        Variant::I1(_) | Variant::UI1(_) => 1,
        Variant::I2(_) | Variant::UI2(_) | Variant::Bool(_) => 2,
        Variant::I8(_) | Variant::UI8(_) | Variant::R8(_) => 8,
        Variant::Currency(_) | Variant::Date(_) => 8,
        Variant::Decimal(_) => 16,
        _ => 4,
    }
    // The size is at least that of a pointer: 4 also for one and two bytes.
    .max(4))
}

fn write_value(writer: &mut Writer<'_>, value: &Variant, depth: u32) -> Result<(), WriteError> {
    match value {
        Variant::Empty | Variant::Null => {}
        Variant::I1(value) => writer.i8(*value),
        Variant::UI1(value) => writer.u8(*value),
        Variant::I2(value) => writer.i16(*value),
        Variant::UI2(value) => writer.u16(*value),
        Variant::I4(value) | Variant::Int(value) => writer.i32(*value),
        Variant::UI4(value) | Variant::UInt(value) | Variant::Error(value) => writer.u32(*value),
        Variant::I8(value) => writer.i64(*value),
        Variant::UI8(value) => writer.u64(*value),
        Variant::R4(value) => writer.f32(*value),
        Variant::R8(value) => writer.f64(*value),
        Variant::Currency(value) => writer.i64(value.0),
        Variant::Date(value) => writer.f64(value.0),
        Variant::Bstr(value) => write_bstr(writer, value)?,
        Variant::Bool(value) => writer.u16(if *value { 0xFFFF } else { 0 }),
        Variant::Decimal(value) => {
            writer.align(8);
            writer.u16(0);
            writer.u8(value.scale);
            writer.u8(value.sign);
            writer.u32(value.high);
            writer.u64(value.low);
        }
        Variant::Dispatch(None) | Variant::Unknown(None) | Variant::NullArray(_) => writer.u32(0),
        Variant::Dispatch(Some(object)) | Variant::Unknown(Some(object)) => {
            write_object(writer, object);
        }
        Variant::Array(array) => write_array(writer, array, depth + 1)?,
        // `write_variant_body` writes these two.
        Variant::ByRef(_) | Variant::VariantRef(_) => return Err(WriteError::ByRef),
    }
    Ok(())
}

/// Writes a SAFEARRAY with its referent (MS-OAUT section 2.2.30).
///
/// # Errors
/// The bounds do not match the elements, or an element cannot be written.
pub fn write_safe_array(writer: &mut Writer<'_>, array: &SafeArray) -> Result<(), WriteError> {
    write_array(writer, array, 0)
}

fn write_array(writer: &mut Writer<'_>, array: &SafeArray, depth: u32) -> Result<(), WriteError> {
    if !array.is_well_formed() {
        return Err(WriteError::ArrayShape);
    }
    let dimensions = u16::try_from(array.bounds.len()).map_err(|_| WriteError::TooLarge)?;
    let elements = count(array.elements.len())?;
    let (union, element_bytes) = array.elements.shape();
    writer.referent();
    writer.u32(dimensions.into());
    writer.u16(dimensions);
    writer.u16(array.features);
    writer.u32(element_bytes);
    writer.u16(array.locks);
    writer.u16(array.elements.vt());
    writer.u32(union);
    writer.u32(elements);
    writer.referent();
    for bound in &array.bounds {
        writer.u32(bound.count);
        writer.i32(bound.lower);
    }
    writer.u32(elements);
    match &array.elements {
        Elements::Bytes(_, elements) => writer.bytes(elements),
        Elements::Words(_, elements) => elements.iter().for_each(|word| writer.u16(*word)),
        Elements::Longs(_, elements) => elements.iter().for_each(|long| writer.u32(*long)),
        Elements::Hypers(_, elements) => elements.iter().for_each(|hyper| writer.u64(*hyper)),
        Elements::Bstrs(elements) => {
            for _ in elements {
                writer.u32(USER_REFERENT);
            }
            for element in elements {
                writer.align(4);
                write_bstr_body(writer, element)?;
            }
        }
        Elements::Variants(elements) => write_variants(writer, elements, depth + 1)?,
    }
    Ok(())
}
