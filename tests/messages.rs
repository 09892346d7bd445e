//! Random messages of every interface, to compare the JavaScript codec with this one.
//!
//! Each message is one line of JSON: the bytes of a call's parameters and the values in them. One message in
//! four has a changed byte or a missing end; its values are what the Rust codec reads, or null if it refuses
//! the bytes. `psom-js/tools/compare-codecs.js` reads the lines.

#![expect(clippy::unimplemented, reason = "no interface has other types")]

use std::io::{self, Write};

use bytes::Bytes;
use fastrand::Rng;
use psom::{
    error::DecodeError,
    interface::InterfaceDesc,
    wire::{Decode, Decoder, Encode, Encoder, ObjectRef, TypeDesc},
};
use psom_objects::interfaces::catalog;
use serde_json::{Value, json};

/// Parameters of every type, including those that no interface of a meeting has.
const EVERY_TYPE: &[TypeDesc] = &[
    TypeDesc::Boolean,
    TypeDesc::Byte,
    TypeDesc::Int16,
    TypeDesc::Int32,
    TypeDesc::Int64,
    TypeDesc::UInt32,
    TypeDesc::UInt64,
    TypeDesc::Double,
    TypeDesc::String,
    TypeDesc::DistributedObject,
    TypeDesc::Array(&TypeDesc::Boolean),
    TypeDesc::Array(&TypeDesc::Byte),
    TypeDesc::Array(&TypeDesc::Int16),
    TypeDesc::Array(&TypeDesc::Int64),
    TypeDesc::Array(&TypeDesc::UInt32),
    TypeDesc::Array(&TypeDesc::UInt64),
    TypeDesc::Array(&TypeDesc::Double),
    TypeDesc::Array(&TypeDesc::String),
    TypeDesc::Array(&TypeDesc::Array(&TypeDesc::Int32)),
    TypeDesc::Array(&TypeDesc::Array(&TypeDesc::String)),
];

/// Upper bound on the elements of an array and the characters of a string in most of the messages.
const USUAL_LENGTH: usize = 6;

/// The length of the long arrays and strings: enough for a count and a length of two bytes.
const LONG_LENGTH: usize = 300;

/// One message in this number has changed bytes.
const DAMAGED_ONE_IN: usize = 4;

/// A method: the name of its interface (empty for the method with every type), whether the server serves it,
/// its position, and its parameters.
struct Method {
    interface: &'static str,
    server: bool,
    position: usize,
    params: Vec<TypeDesc>,
}

/// Writes messages, a line each. The same seed gives the same messages.
///
/// # Errors
/// The output fails.
pub fn write(seed: u64, count: usize, mut out: impl Write) -> io::Result<()> {
    let mut rng = Rng::with_seed(seed);
    let methods = methods();
    for number in 0..count {
        // Every method occurs; those with parameters occur more often.
        let method =
            &methods[if number < methods.len() { number } else { rng.usize(..methods.len()) }];
        let mut bytes = Vec::new();
        let values: Vec<_> =
            method.params.iter().map(|kind| random(*kind, &mut rng, &mut bytes)).collect();
        let is_damaged = rng.usize(..DAMAGED_ONE_IN) == 0 && can_be_damaged(method, &bytes);
        let values = if is_damaged {
            damage(&mut bytes, &mut rng);
            read(&method.params, &bytes).ok()
        } else {
            assert_eq!(read(&method.params, &bytes).as_ref(), Ok(&values), "a round trip in Rust");
            Some(values)
        };
        let (interface, server, position) = (method.interface, method.server, method.position);
        let line = json!({
            "interface": interface, "server": server, "method": position, "hex": hex(&bytes),
            "damaged": is_damaged, "values": values,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}

fn methods() -> Vec<Method> {
    let every_type =
        Method { interface: "", server: true, position: 0, params: EVERY_TYPE.to_vec() };
    let mut methods = vec![every_type];
    let mut add = |half: &'static InterfaceDesc, server: bool| {
        for (position, method) in half.methods.iter().enumerate() {
            let params = method.params().map(|param| param.kind).collect();
            methods.push(Method { interface: half.name, server, position, params });
        }
    };
    for definition in catalog() {
        add(definition.server, true);
        add(definition.client, false);
    }
    methods
}

/// Reports whether a message can be damaged. Messages with references are excluded, because in
/// JavaScript the session checks references, and in Rust the codec does.
fn can_be_damaged(method: &Method, bytes: &[u8]) -> bool {
    !bytes.is_empty() && !method.params.contains(&TypeDesc::DistributedObject)
}

fn damage(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.usize(..bytes.len());
    match rng.u8(..4) {
        0 => bytes.truncate(at),
        1 => bytes.push(rng.u8(..)),
        2 => bytes[at] ^= 1 << rng.u8(..8),
        _ => bytes[at] = rng.u8(..),
    }
}

fn length(rng: &mut Rng) -> usize {
    if rng.usize(..200) == 0 { rng.usize(..LONG_LENGTH) } else { rng.usize(..USUAL_LENGTH) }
}

/// Returns a random number with a random number of bits, so that every encoded length occurs.
fn bits(rng: &mut Rng) -> u64 {
    match rng.u8(..16) {
        0 => u64::MAX,
        1 => 1 << 63,
        2 => 1 << 31,
        3 => 0u64.wrapping_sub(1 << rng.u32(..64)),
        _ => rng.u64(..) >> rng.u32(..64),
    }
}

fn text(rng: &mut Rng) -> String {
    let count = length(rng);
    let char = |rng: &mut Rng| match rng.u8(..8) {
        0 => '\0',
        1 => rng.char('\u{80}'..='\u{7ff}'),
        2 => rng.char('\u{800}'..='\u{ffff}'),
        3 => rng.char('\u{10000}'..),
        _ => rng.char(' '..='~'),
    };
    (0..count).map(|_| char(rng)).collect()
}

/// Appends a value and returns it as JSON.
fn put<T: Encode>(value: &T, bytes: &mut Vec<u8>) {
    value.encode(&mut Encoder::new(bytes));
}

#[expect(clippy::cast_possible_truncation, reason = "any bits are a random integer")]
#[expect(clippy::cast_possible_wrap, reason = "any bits are a random integer")]
fn random(kind: TypeDesc, rng: &mut Rng, bytes: &mut Vec<u8>) -> Value {
    macro_rules! scalar {
        ($value:expr) => {{
            let value = $value;
            put(&value, bytes);
            shown(&value)
        }};
    }
    macro_rules! array {
        ($make:expr) => {{
            let make = $make;
            let count = length(rng);
            let values: Vec<_> = (0..count).map(|_| make(&mut *rng)).collect();
            put(&values, bytes);
            shown(&values)
        }};
    }
    match kind {
        TypeDesc::Boolean => scalar!(rng.bool()),
        TypeDesc::Byte => scalar!(rng.u8(..)),
        TypeDesc::Int16 => scalar!(bits(rng) as i16),
        TypeDesc::Int32 | TypeDesc::Enum(_) => scalar!(bits(rng) as i32),
        TypeDesc::Int64 => scalar!(bits(rng) as i64),
        TypeDesc::UInt32 => scalar!(bits(rng) as u32),
        TypeDesc::UInt64 => scalar!(bits(rng)),
        TypeDesc::Double => scalar!(f64::from_bits(rng.u64(..))),
        TypeDesc::String => scalar!(text(rng)),
        TypeDesc::DistributedObject if rng.bool() => scalar!(ObjectRef::NULL),
        // A reference is written like an Int32 by the session, which knows the identifiers.
        TypeDesc::DistributedObject => scalar!((bits(rng) as i32).max(-i32::MAX)),
        TypeDesc::Array(TypeDesc::Boolean) => array!(Rng::bool),
        TypeDesc::Array(TypeDesc::Byte) => {
            let count = length(rng);
            let value: Bytes = (0..count).map(|_| rng.u8(..)).collect();
            put(&value, bytes);
            shown(&value)
        }
        TypeDesc::Array(TypeDesc::Int16) => array!(|rng: &mut Rng| bits(rng) as i16),
        TypeDesc::Array(TypeDesc::Int32 | TypeDesc::Enum(_)) => {
            array!(|rng: &mut Rng| bits(rng) as i32)
        }
        TypeDesc::Array(TypeDesc::Int64) => array!(|rng: &mut Rng| bits(rng) as i64),
        TypeDesc::Array(TypeDesc::UInt32) => array!(|rng: &mut Rng| bits(rng) as u32),
        TypeDesc::Array(TypeDesc::UInt64) => array!(bits),
        TypeDesc::Array(TypeDesc::Double) => array!(|rng: &mut Rng| f64::from_bits(rng.u64(..))),
        TypeDesc::Array(TypeDesc::String) => array!(text),
        TypeDesc::Array(TypeDesc::Array(TypeDesc::Int32)) => {
            array!(|rng: &mut Rng| (0..length(rng)).map(|_| bits(rng) as i32).collect::<Vec<_>>())
        }
        TypeDesc::Array(TypeDesc::Array(TypeDesc::String)) => {
            array!(|rng: &mut Rng| (0..length(rng)).map(|_| text(rng)).collect::<Vec<_>>())
        }
        other => unimplemented!("messages with {other}"),
    }
}

/// Reads the parameters of a message with this codec.
fn read(params: &[TypeDesc], bytes: &[u8]) -> Result<Vec<Value>, DecodeError> {
    let source = Bytes::copy_from_slice(bytes);
    let mut input = Decoder::new(&source);
    let values: Result<Vec<_>, _> = params.iter().map(|kind| value(*kind, &mut input)).collect();
    let values = values?;
    input.finish()?;
    Ok(values)
}

fn value(kind: TypeDesc, input: &mut Decoder<'_>) -> Result<Value, DecodeError> {
    fn read<T: Decode + Shown>(input: &mut Decoder<'_>) -> Result<Value, DecodeError> {
        T::decode(input).map(|value| value.shown())
    }
    match kind {
        TypeDesc::Boolean => read::<bool>(input),
        TypeDesc::Byte => read::<u8>(input),
        TypeDesc::Int16 => read::<i16>(input),
        TypeDesc::Int32 | TypeDesc::Enum(_) => read::<i32>(input),
        TypeDesc::Int64 => read::<i64>(input),
        TypeDesc::UInt32 => read::<u32>(input),
        TypeDesc::UInt64 => read::<u64>(input),
        TypeDesc::Double => read::<f64>(input),
        TypeDesc::String => read::<String>(input),
        TypeDesc::DistributedObject => read::<ObjectRef>(input),
        TypeDesc::Array(TypeDesc::Boolean) => read::<Vec<bool>>(input),
        TypeDesc::Array(TypeDesc::Byte) => read::<Bytes>(input),
        TypeDesc::Array(TypeDesc::Int16) => read::<Vec<i16>>(input),
        TypeDesc::Array(TypeDesc::Int32 | TypeDesc::Enum(_)) => read::<Vec<i32>>(input),
        TypeDesc::Array(TypeDesc::Int64) => read::<Vec<i64>>(input),
        TypeDesc::Array(TypeDesc::UInt32) => read::<Vec<u32>>(input),
        TypeDesc::Array(TypeDesc::UInt64) => read::<Vec<u64>>(input),
        TypeDesc::Array(TypeDesc::Double) => read::<Vec<f64>>(input),
        TypeDesc::Array(TypeDesc::String) => read::<Vec<String>>(input),
        TypeDesc::Array(TypeDesc::Array(TypeDesc::Int32)) => read::<Vec<Vec<i32>>>(input),
        TypeDesc::Array(TypeDesc::Array(TypeDesc::String)) => read::<Vec<Vec<String>>>(input),
        other => unimplemented!("messages with {other}"),
    }
}

/// A value in the JSON of a message. Numbers that JavaScript's own numbers cannot hold are texts.
trait Shown {
    fn shown(&self) -> Value;
}

fn shown(value: &impl Shown) -> Value {
    value.shown()
}

macro_rules! shown_as {
    ($($type:ty: $value:ident => $shown:expr),* $(,)?) => {
        $(impl Shown for $type {
            fn shown(&self) -> Value {
                let $value = self;
                json!($shown)
            }
        })*
    };
}

shown_as! {
    bool: value => value,
    u8: value => value,
    i16: value => value,
    i32: value => value,
    u32: value => value,
    i64: value => value.to_string(),
    u64: value => value.to_string(),
    String: value => value,
    Bytes: value => hex(value),
    // JSON has neither NaN nor infinities.
    f64: value => hex(&value.to_bits().to_be_bytes()),
    // The receiver negates an identifier (ruling 2); the message has the sender's.
    ObjectRef: value => value.proxy_id().map(|id| -id.get()),
}

impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> Value {
        self.iter().map(T::shown).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
