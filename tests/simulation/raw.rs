//! Invalid messages, which a program that does not use this framework could send.

use psom::wire::{Encode, Encoder, record};

/// The channel of the meeting's objects.
const CHANNEL: u32 = 2;

/// The kinds of invalid messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw {
    /// A call of a method that no interface has.
    Method,
    /// A call with bytes that are no arguments.
    Arguments,
    /// A call of an object that is not connected.
    Object,
    /// The connect of a part that does not exist, below an object or a wrong identifier.
    Connect,
    /// The close of an object.
    Close,
    /// A message on a channel that is not open.
    Channel,
    /// A record with random bytes.
    Record,
    /// The header of a record that is too long.
    Length,
}

const ALL: [Raw; 8] = [
    Raw::Method,
    Raw::Arguments,
    Raw::Object,
    Raw::Connect,
    Raw::Close,
    Raw::Channel,
    Raw::Record,
    Raw::Length,
];

/// The highest number of an object that a client probably knows.
const KNOWN_OBJECTS: i32 = 40;

/// Operation codes (section 2.2.2.1).
const OP_CONNECT: u8 = 0x84;
const OP_CLOSE: u8 = 0x86;

/// The type of a message record (section 2.2.1.1.4).
const RPC_MESSAGE: u8 = 0x16;

/// The lowest length of a message that a server refuses: 1 MiB and a byte.
const TOO_LONG: u32 = (1 << 20) + 1;

/// Returns an invalid message of some kind, to be sent between two records.
pub(super) fn message(rng: &mut fastrand::Rng) -> (Raw, Vec<u8>) {
    let kind = ALL[rng.usize(..ALL.len())];
    let mut out = Vec::new();
    record::write_set_channel(&mut out, CHANNEL);
    let known = rng.i32(-KNOWN_OBJECTS..=KNOWN_OBJECTS);
    let unknown = rng.i32(1_000..1_000_000);
    match kind {
        Raw::Method => call(&mut out, known, rng.u8(100..), &[]),
        Raw::Arguments => {
            let arguments = bytes(rng, 40);
            call(&mut out, known, rng.u8(..24), &arguments);
        }
        Raw::Object => {
            let object = if rng.bool() { unknown } else { -unknown };
            call(&mut out, object, rng.u8(..24), &[]);
        }
        Raw::Connect => {
            let parent = if rng.bool() { known } else { unknown };
            record::write_message(&mut out, |out| {
                out.push(OP_CONNECT);
                encode(out, &[&parent, &"content.999999", &rng.i64(..)]);
            });
        }
        Raw::Close => record::write_message(&mut out, |out| {
            out.push(OP_CLOSE);
            encode(out, &[&unknown]);
        }),
        Raw::Channel => {
            record::write_set_channel(&mut out, rng.u32(3..));
            call(&mut out, known, 0, &[]);
        }
        Raw::Record => out = bytes(rng, 100),
        Raw::Length => {
            out.push(RPC_MESSAGE);
            out.extend(rng.u32(TOO_LONG..).to_be_bytes());
        }
    }
    (kind, out)
}

fn call(out: &mut Vec<u8>, object: i32, method: u8, arguments: &[u8]) {
    record::write_message(out, |out| {
        encode(out, &[&object]);
        out.push(method);
        out.extend(arguments);
    });
}

fn encode(out: &mut Vec<u8>, values: &[&dyn Encode]) {
    let mut encoder = Encoder::new(out);
    values.iter().for_each(|value| value.encode(&mut encoder));
}

fn bytes(rng: &mut fastrand::Rng, most: usize) -> Vec<u8> {
    let count = rng.usize(1..=most);
    std::iter::repeat_with(|| rng.u8(..)).take(count).collect()
}
