use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
};

use bytes::Bytes;

use super::MethodDesc;
use crate::{
    error::DecodeError,
    wire::{Decode as _, Decoder, ObjectRef, TypeDesc},
};

/// The number of array elements that are printed, so that a trace line stays readable.
const MAX_PRINTED_ELEMENTS: i32 = 16;

/// The side whose proxy identifiers are printed for references to objects.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    /// The side that received the arguments.
    Receiver,
    /// The side that sent the arguments.
    Sender,
}

/// Prints the arguments of a call, decoded by the method's descriptor. Arguments that do not
/// decode are replaced by the error.
pub(crate) fn arguments(
    method: &MethodDesc,
    source: &Bytes,
    range: Range<usize>,
    view: View,
) -> String {
    match read(method, source, range, view) {
        (text, Ok(())) => text,
        (text, Err(DecodeError::TrailingBytes)) => format!("{text} <trailing bytes>"),
        (text, Err(error)) => format!("{text}<{error}>"),
    }
}

/// Prints the arguments of a call, with the sender's proxy identifiers.
///
/// # Errors
/// The bytes are not the arguments of this method, or bytes are left after the last argument.
pub fn sent_arguments(
    method: &MethodDesc,
    source: &Bytes,
    range: Range<usize>,
) -> Result<String, DecodeError> {
    let (text, result) = read(method, source, range, View::Sender);
    result.map(|()| text)
}

/// Prints the arguments up to the first decoding error, and returns that error.
fn read(
    method: &MethodDesc,
    source: &Bytes,
    range: Range<usize>,
    view: View,
) -> (String, Result<(), DecodeError>) {
    let mut input = Decoder::within(source, range, String::new());
    let mut text = String::new();
    for (i, param) in method.params().enumerate() {
        text.push_str(if i == 0 { "" } else { ", " });
        if let Err(error) = value(param.kind, &mut input, &mut text, view) {
            return (text, Err(error));
        }
    }
    let rest = input.finish().map(drop);
    (text, rest)
}

/// Returns the value of the argument `cookie`.
pub(super) fn cookie(method: &MethodDesc, source: &Bytes, range: Range<usize>) -> Option<i32> {
    let position = method.cookie()?;
    let mut input = Decoder::within(source, range, String::new());
    let mut skipped = String::new();
    for argument in &method.arguments[..position] {
        for param in argument.sent() {
            skipped.clear();
            value(param.kind, &mut input, &mut skipped, View::Receiver).ok()?;
        }
    }
    i32::decode(&mut input).ok()
}

/// Returns a hash of the value of one argument, by which `#[latest]` calls are compared.
pub(crate) fn argument_hash(
    method: &MethodDesc,
    position: usize,
    (source, range): &(Bytes, Range<usize>),
) -> u64 {
    let mut input = Decoder::within(source, range.clone(), String::new());
    let mut text = String::new();
    for argument in method.arguments.iter().take(position + 1) {
        text.clear();
        for param in argument.sent() {
            // Cannot fail: the arguments were encoded by the same descriptor.
            if value(param.kind, &mut input, &mut text, View::Sender).is_err() {
                break;
            }
            // Distinguishes `1, 23` from `12, 3`.
            text.push(',');
        }
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn value(
    kind: TypeDesc,
    input: &mut Decoder<'_>,
    text: &mut String,
    view: View,
) -> Result<(), DecodeError> {
    let shown = match kind {
        TypeDesc::Boolean => bool::decode(input)?.to_string(),
        TypeDesc::Byte => u8::decode(input)?.to_string(),
        TypeDesc::Int16 => i16::decode(input)?.to_string(),
        TypeDesc::Int32 | TypeDesc::Enum(_) => i32::decode(input)?.to_string(),
        TypeDesc::Int64 => i64::decode(input)?.to_string(),
        TypeDesc::UInt32 => u32::decode(input)?.to_string(),
        TypeDesc::UInt64 => u64::decode(input)?.to_string(),
        TypeDesc::Double => f64::decode(input)?.to_string(),
        TypeDesc::String => format!("{:?}", String::decode(input)?),
        TypeDesc::DistributedObject => match (ObjectRef::decode(input)?.proxy_id(), view) {
            (Some(id), View::Receiver) => format!("@{id}"),
            (Some(id), View::Sender) => format!("@{}", -id.get()),
            (None, _) => "null".into(),
        },
        TypeDesc::Array(TypeDesc::Byte) => format!("<{} bytes>", Bytes::decode(input)?.len()),
        TypeDesc::Array(element) => return array(*element, input, text, view),
        // `ParamDesc::sent` replaces a record by its fields.
        TypeDesc::Record(_) => String::new(),
    };
    text.push_str(&shown);
    Ok(())
}

fn array(
    element: TypeDesc,
    input: &mut Decoder<'_>,
    text: &mut String,
    view: View,
) -> Result<(), DecodeError> {
    let count = i32::decode(input)?;
    if count < 0 {
        return Err(DecodeError::NegativeCount);
    }
    text.push('[');
    let mut skipped = String::new();
    for i in 0..count {
        let into = if i < MAX_PRINTED_ELEMENTS { &mut *text } else { &mut skipped };
        into.push_str(if i == 0 { "" } else { ", " });
        value(element, input, into, view)?;
        skipped.clear();
    }
    text.push_str(if count > MAX_PRINTED_ELEMENTS { ", ...]" } else { "]" });
    Ok(())
}
