use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use bytes::Bytes;

use super::MethodDesc;
use crate::{
    error::DecodeError,
    wire::{Decode, Decoder, ObjectRef, TypeDesc},
};

/// Longer arrays are cut in print.
const SHOWN: i32 = 16;

/// Whose identifiers stand in the text for objects.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    /// Those of the side that received the arguments.
    Receiver,
    /// Those of the side that sent them.
    Sender,
}

/// The arguments of a call as a person would write them, read by the descriptor alone.
pub(crate) fn arguments(
    method: &MethodDesc,
    source: &Bytes,
    place: Range<usize>,
    view: View,
) -> String {
    match read(method, source, place, view) {
        (text, Ok(())) => text,
        (text, Err(DecodeError::TrailingBytes)) => text + " <trailing bytes>",
        (text, Err(error)) => format!("{text}<{error}>"),
    }
}

/// Returns the arguments of a call as their sender has them.
///
/// # Errors
/// The bytes are not the arguments of this method, or something follows the arguments.
pub fn sent_arguments(
    method: &MethodDesc,
    source: &Bytes,
    place: Range<usize>,
) -> Result<String, DecodeError> {
    let (text, result) = read(method, source, place, View::Sender);
    result.map(|()| text)
}

/// The arguments as far as they can be read, and what was wrong then.
fn read(
    method: &MethodDesc,
    source: &Bytes,
    place: Range<usize>,
    view: View,
) -> (String, Result<(), DecodeError>) {
    let mut input = Decoder::within(source, place, String::new());
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

/// Stands for the value of one argument: the same for the same value.
pub(crate) fn subject(
    method: &MethodDesc,
    place: usize,
    (source, range): &(Bytes, Range<usize>),
) -> u64 {
    let mut input = Decoder::within(source, range.clone(), String::new());
    let mut text = String::new();
    for argument in method.arguments.iter().take(place + 1) {
        text.clear();
        for param in argument.params() {
            // What was marshaled by the same descriptor can be read.
            if value(param.kind, &mut input, &mut text, View::Sender).is_err() {
                break;
            }
            // Keeps `1, 23` apart from `12, 3`.
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
        let into = if i < SHOWN { &mut *text } else { &mut skipped };
        into.push_str(if i == 0 { "" } else { ", " });
        value(element, input, into, view)?;
        skipped.clear();
    }
    text.push_str(if count > SHOWN { ", ...]" } else { "]" });
    Ok(())
}
