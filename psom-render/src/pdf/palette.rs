//! Palettes of indexed color spaces (section 8.6.6.3 of ISO 32000-2) that are shorter than announced.

use std::fmt::Write as _;

use hayro::hayro_syntax::object::{Array, MaybeRef, Name, Number, Object, Stream};

/// The highest index of a palette.
const MAX_INDEX: i64 = 255;

/// Upper bound on a chain of color spaces, each the alternative of the previous one. A color space can be
/// its own alternative.
const MAX_DEPTH: usize = 4;

/// Returns the text of an indexed color space whose palette was too short. The missing colors are
/// zero, as in other programs.
pub(super) fn repaired(array: &Array<'_>) -> Option<String> {
    let mut parts = array.flex_iter();
    let kind = parts.next::<Name<'_>>()?;
    if !matches!(&*kind, b"Indexed" | b"I") {
        return None;
    }
    let components = components(&parts.next::<Object<'_>>()?, MAX_DEPTH)?;
    let announced = parts.next::<Number>()?;
    let highest = announced.as_i64().clamp(0, MAX_INDEX);
    let palette = match parts.next::<Object<'_>>() {
        Some(Object::String(text)) => text.as_bytes().to_vec(),
        Some(Object::Stream(stream)) => {
            stream.decoded_data().map(|data| data.into_owned()).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let wanted = (usize::try_from(highest).ok()? + 1) * components;
    #[expect(clippy::float_cmp, reason = "a whole number is exact")]
    let is_whole = announced.as_f64() == announced.as_i64() as f64 && announced.as_i64() >= 0;
    if palette.len() >= wanted && is_whole {
        return None;
    }
    let base = match array.raw_iter().nth(1)? {
        MaybeRef::Ref(id) => id.to_string(),
        MaybeRef::NotRef(Object::Name(name)) => format!("/{}", name.as_str()),
        MaybeRef::NotRef(Object::Array(array)) => {
            format!("[{}]", String::from_utf8(array.data().to_vec()).ok()?)
        }
        MaybeRef::NotRef(_) => return None,
    };
    let colors = palette.into_iter().chain(std::iter::repeat(0)).take(wanted);
    Some(format!("[/Indexed {base} {highest} {}]", hexadecimal(colors)))
}

/// Writes bytes as a string of a PDF.
pub(super) fn hexadecimal(bytes: impl Iterator<Item = u8>) -> String {
    let mut text = "<".to_owned();
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('>');
    text
}

/// Returns the number of components of a color space.
fn components(space: &Object<'_>, depth: usize) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    let none = Array::default();
    let mut parameters = match space {
        Object::Array(array) => array.flex_iter(),
        _ => none.flex_iter(),
    };
    let name = match space {
        Object::Name(name) => name.clone(),
        _ => parameters.next::<Name<'_>>()?,
    };
    match &*name {
        b"DeviceGray" | b"G" | b"CalGray" | b"Separation" => Some(1),
        b"DeviceRGB" | b"RGB" | b"CalRGB" | b"Lab" => Some(3),
        b"DeviceCMYK" | b"CMYK" | b"CalCMYK" => Some(4),
        b"ICCBased" => {
            let profile = parameters.next::<Stream<'_>>()?;
            let dict = profile.dict();
            let count = dict.get::<u32>(b"N");
            let count = count.and_then(|count| usize::try_from(count).ok());
            count
                .filter(|count| (1..=4).contains(count))
                .or_else(|| components(&dict.get::<Object<'_>>(b"Alternate")?, depth))
        }
        b"DeviceN" => Some(parameters.next::<Array<'_>>()?.raw_iter().count()),
        _ => None,
    }
}
