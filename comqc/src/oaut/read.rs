use super::{
    model::{Bound, Elements, MAX_DEPTH, Object, SafeArray, Variant, sf, union_of, vt},
    scalar::{Bstr, Currency, Date, Decimal},
    write::{NULL_BSTR, OBJECT_HEADER_BYTES, switch_of},
};
use crate::{
    error::{ReadResult, Rule},
    ndr::Reader,
};

/// The least bytes of a BSTR with its referent.
const MIN_BSTR_BYTES: usize = 16;
/// The least bytes of a VARIANT with its referent.
const MIN_VARIANT_BYTES: usize = 24;

/// Reads a BSTR with its referent. A null pointer is the null BSTR.
///
/// # Errors
/// The data ends, or its counts disagree.
pub fn read_bstr(reader: &mut Reader<'_>) -> ReadResult<Bstr> {
    if reader.u32()? == 0 { Ok(Bstr::NULL) } else { read_bstr_body(reader) }
}

fn read_bstr_body(reader: &mut Reader<'_>) -> ReadResult<Bstr> {
    let units = reader.count(2)?;
    let field = reader.position();
    let bytes = reader.u32()?;
    if reader.u32()? as usize != units {
        return Err(reader.error_at(field + 4, Rule::CountMismatch));
    }
    if bytes == NULL_BSTR && units == 0 {
        return Ok(Bstr::NULL);
    }
    if (bytes as usize).div_ceil(2) != units {
        return Err(reader.error_at(field, Rule::BstrSize));
    }
    let data = reader.bytes(units * 2)?;
    Ok(Bstr::from_bytes(&data[..bytes as usize]))
}

/// Reads the structure that replaces a reference to an object. The object's bytes are the rest of
/// the data: outside of a VARIANT, only the class knows where they end.
///
/// # Errors
/// The data ends within the header, or the header's size is not 32.
pub fn read_object(reader: &mut Reader<'_>) -> ReadResult<Object> {
    let first = reader.u32()?;
    read_object_body(reader, first, None)
}

/// Reads an object after its first reserved field. `end` is the position after the object.
fn read_object_body(
    reader: &mut Reader<'_>,
    _reserved_1: u32,
    end: Option<usize>,
) -> ReadResult<Object> {
    let field = reader.position();
    if reader.u32()? != OBJECT_HEADER_BYTES {
        return Err(reader.error_at(field, Rule::ObjectHeader));
    }
    let reserved_2 = reader.u32()?;
    let class = reader.guid()?;
    reader.u32()?;
    let data = match end {
        None => reader.rest(),
        Some(end) => {
            let length = end.checked_sub(reader.position());
            reader.bytes(length.ok_or_else(|| reader.error_at(field, Rule::ObjectLength))?)?
        }
    };
    Ok(Object { reserved_2, class, data: data.to_vec() })
}

/// Reads a VARIANT with its referent. The size of a VARIANT is used only to find the end of an
/// object, because implementations disagree about what it counts.
///
/// # Errors
/// The data ends or violates a rule.
pub fn read_variant(reader: &mut Reader<'_>) -> ReadResult<Variant> {
    let field = reader.position();
    if reader.u32()? == 0 {
        return Err(reader.error_at(field, Rule::NullElement));
    }
    read_variant_body(reader, 0)
}

/// Reads the referents of `count` VARIANTs, then the VARIANTs.
pub(super) fn read_variants(
    reader: &mut Reader<'_>,
    count: usize,
    depth: u32,
) -> ReadResult<Vec<Variant>> {
    read_referents(reader, count)?;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(read_variant_body(reader, depth)?);
    }
    Ok(values)
}

/// Reads the count of an array of VARIANTs. Fails if the data cannot hold that many.
pub(super) fn variant_count(reader: &mut Reader<'_>) -> ReadResult<usize> {
    reader.count(MIN_VARIANT_BYTES)
}

fn read_referents(reader: &mut Reader<'_>, count: usize) -> ReadResult<()> {
    for _ in 0..count {
        let field = reader.position();
        if reader.u32()? == 0 {
            return Err(reader.error_at(field, Rule::NullElement));
        }
    }
    Ok(())
}

fn read_variant_body(reader: &mut Reader<'_>, depth: u32) -> ReadResult<Variant> {
    if depth > MAX_DEPTH {
        return Err(reader.error_at(reader.position(), Rule::VariantDepth));
    }
    reader.align(8)?;
    let start = reader.position();
    let size = reader.u32()? as usize;
    reader.u32()?;
    let vt = reader.u16()?;
    reader.bytes(6)?;
    if reader.u32()? != switch_of(vt) {
        return Err(reader.error_at(start + 16, Rule::VariantSwitch));
    }
    let place = Place { start, end: start.saturating_add(size.saturating_mul(8)), depth };
    if vt & vt::BYREF == 0 {
        return read_value(reader, vt, place);
    }
    reader.u32()?;
    let target = vt & !vt::BYREF;
    if target == vt::VARIANT {
        reader.u32()?;
        return Ok(Variant::VariantRef(read_variant_body(reader, depth + 1)?.into()));
    }
    if matches!(target, vt::EMPTY | vt::NULL) {
        return Err(reader.error_at(start + 8, Rule::VariantType));
    }
    Ok(Variant::ByRef(read_value(reader, target, place)?.into()))
}

/// The position and the nesting depth of the VARIANT that contains a value.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    depth: u32,
}

fn read_value(reader: &mut Reader<'_>, vt: u16, place: Place) -> ReadResult<Variant> {
    Ok(match vt {
        vt::EMPTY => Variant::Empty,
        vt::NULL => Variant::Null,
        vt::I1 => Variant::I1(reader.i8()?),
        vt::UI1 => Variant::UI1(reader.u8()?),
        vt::I2 => Variant::I2(reader.i16()?),
        vt::UI2 => Variant::UI2(reader.u16()?),
        vt::I4 => Variant::I4(reader.i32()?),
        vt::UI4 => Variant::UI4(reader.u32()?),
        vt::INT => Variant::Int(reader.i32()?),
        vt::UINT => Variant::UInt(reader.u32()?),
        vt::I8 => Variant::I8(reader.i64()?),
        vt::UI8 => Variant::UI8(reader.u64()?),
        vt::R4 => Variant::R4(reader.f32()?),
        vt::R8 => Variant::R8(reader.f64()?),
        vt::CY => Variant::Currency(Currency(reader.i64()?)),
        vt::DATE => Variant::Date(Date(reader.f64()?)),
        vt::BSTR => Variant::Bstr(read_bstr(reader)?),
        vt::ERROR => Variant::Error(reader.u32()?),
        vt::BOOL => Variant::Bool(read_bool(reader)?),
        vt::DECIMAL => {
            reader.align(8)?;
            reader.u16()?;
            let (scale, sign) = (reader.u8()?, reader.u8()?);
            Variant::Decimal(Decimal { scale, sign, high: reader.u32()?, low: reader.u64()? })
        }
        vt::DISPATCH => Variant::Dispatch(read_reference(reader, place)?),
        vt::UNKNOWN => Variant::Unknown(read_reference(reader, place)?),
        _ if vt & vt::ARRAY != 0 => {
            let element = vt & !vt::ARRAY;
            if union_of(element).is_none() {
                return Err(reader.error_at(place.start + 8, Rule::VariantType));
            }
            match read_array(reader, Some(element), place.depth + 1)? {
                Some(array) => Variant::Array(array.into()),
                None => Variant::NullArray(element),
            }
        }
        _ => return Err(reader.error_at(place.start + 8, Rule::VariantType)),
    })
}

/// Reads a VARIANT_BOOL.
pub(super) fn read_bool(reader: &mut Reader<'_>) -> ReadResult<bool> {
    match reader.u16()? {
        0 => Ok(false),
        0xFFFF => Ok(true),
        _ => Err(reader.error_at(reader.position() - 2, Rule::BooleanValue)),
    }
}

/// Reads an object inside a VARIANT. A null reference is a single zero; an object has a header
/// after it.
fn read_reference(reader: &mut Reader<'_>, place: Place) -> ReadResult<Option<Box<Object>>> {
    reader.align(4)?;
    let first = reader.u32()?;
    if reader.position().next_multiple_of(8) >= place.end {
        return Ok(None);
    }
    if place.end - reader.position() > reader.remaining() {
        return Err(reader.error_at(place.start, Rule::VariantSize));
    }
    read_object_body(reader, first, Some(place.end)).map(|object| Some(object.into()))
}

/// Reads a SAFEARRAY with its referent, or `None` for a null pointer. `element` is the type of the
/// elements if the parameter's definition names it.
///
/// # Errors
/// The data ends or violates a rule.
pub fn read_safe_array(
    reader: &mut Reader<'_>,
    element: Option<u16>,
) -> ReadResult<Option<SafeArray>> {
    read_array(reader, element, 0)
}

fn read_array(
    reader: &mut Reader<'_>,
    element: Option<u16>,
    depth: u32,
) -> ReadResult<Option<SafeArray>> {
    if depth > MAX_DEPTH {
        return Err(reader.error_at(reader.position(), Rule::VariantDepth));
    }
    if reader.u32()? == 0 {
        return Ok(None);
    }
    // A bound takes 8 bytes.
    let dimensions = reader.count(8)?;
    let start = reader.position();
    let error = |reader: &Reader<'_>, offset, rule| Err(reader.error_at(start + offset, rule));
    if usize::from(reader.u16()?) != dimensions || dimensions == 0 {
        return error(reader, 0, Rule::ArrayShape);
    }
    let features = reader.u16()?;
    let element_bytes = reader.u32()?;
    let locks = reader.u16()?;
    let stated = Some(reader.u16()?).filter(|vt| *vt != 0);
    let union = reader.u32()?;
    if matches!(union, sf::DISPATCH | sf::UNKNOWN | sf::HAVE_IID) {
        return error(reader, 12, Rule::ObjectLength);
    }
    let vt = element.or(stated).unwrap_or_else(|| match union {
        sf::I1 => vt::UI1,
        sf::I8 => vt::I8,
        other => u16::try_from(other).unwrap_or(vt::EMPTY),
    });
    if union_of(vt) != Some(union) || stated.is_some_and(|stated| stated != vt) {
        return error(reader, 12, Rule::ArrayType);
    }
    let count = reader.u32()?;
    if reader.u32()? == 0 {
        return error(reader, 20, Rule::NullElement);
    }
    let mut bounds = Vec::with_capacity(dimensions.min(reader.remaining() / 8));
    for _ in 0..dimensions {
        bounds.push(Bound { count: reader.u32()?, lower: reader.i32()? });
    }
    let field = reader.position();
    if reader.u32()? != count {
        return Err(reader.error_at(field, Rule::CountMismatch));
    }
    let elements = read_elements(reader, vt, count as usize, field, depth)?;
    // Pointers are 4 bytes on the wire, but 8 in the memory of a 64-bit Windows.
    let is_pointer = matches!(elements, Elements::Bstrs(_) | Elements::Variants(_));
    let array = SafeArray { features, locks, bounds, elements };
    if !array.is_well_formed() || (!is_pointer && array.elements.shape().1 != element_bytes) {
        return error(reader, 4, Rule::ArrayShape);
    }
    Ok(Some(array))
}

/// Reads `count` elements, a count whose field is at `field`.
fn read_elements(
    reader: &mut Reader<'_>,
    vt: u16,
    count: usize,
    field: usize,
    depth: u32,
) -> ReadResult<Elements> {
    let least = match union_of(vt) {
        Some(sf::I2) => 2,
        Some(sf::I4) => 4,
        Some(sf::I8) => 8,
        Some(sf::BSTR) => MIN_BSTR_BYTES,
        Some(sf::VARIANT) => MIN_VARIANT_BYTES,
        _ => 1,
    };
    if count > reader.remaining() / least {
        return Err(reader.error_at(field, Rule::DataTruncated));
    }
    Ok(match union_of(vt) {
        Some(sf::I2) => Elements::Words(vt, collect(count, || reader.u16())?),
        Some(sf::I4) => Elements::Longs(vt, collect(count, || reader.u32())?),
        Some(sf::I8) => Elements::Hypers(vt, collect(count, || reader.u64())?),
        Some(sf::BSTR) => {
            read_referents(reader, count)?;
            Elements::Bstrs(collect(count, || {
                reader.align(4)?;
                read_bstr_body(reader)
            })?)
        }
        Some(sf::VARIANT) => Elements::Variants(read_variants(reader, count, depth + 1)?.into()),
        _ => Elements::Bytes(vt, reader.bytes(count)?.into()),
    })
}

fn collect<T>(count: usize, mut read: impl FnMut() -> ReadResult<T>) -> ReadResult<Box<[T]>> {
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(read()?);
    }
    Ok(values.into())
}
