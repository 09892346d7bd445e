//! Nanoseconds to encode and decode one framed message, compared with hand-written code of fixed-size
//! fields and with bincode.
//!
//! ```text
//! cargo run --release --manifest-path benches/Cargo.toml --bin codec
//! ```
//!
//! A round encodes 1,000 messages into one buffer and decodes them. The rounds of the three codecs are
//! interleaved, and each figure is the median of 31 rounds. The hand-written code and bincode frame a
//! message with its length; PSOM also writes the object, the method and the type of the record.

use std::{hint::black_box, time::Instant};

use bincode::config::standard;
use bytes::Bytes;
use psom::wire::{
    Decode as _, Decoder, Encode, Encoder, ProxyId,
    operation::{self, Operation},
    record::{self, Batch, Record},
};

const MESSAGES_PER_ROUND: usize = 1_000;
const ROUNDS: usize = 31;
/// The limit of the default configuration, in bytes.
const RECORD_LIMIT_BYTES: u32 = 1 << 20;

/// The sum of the decoded values, so that no codec skips its work.
type Sum = i64;

/// Values that need one byte, a few bytes and many bytes, as identifiers and coordinates do.
fn numbers(index: usize) -> (i64, i32) {
    let index = index as i64;
    (index * index * 7_919, (index as i32 - 500) * 3)
}

const TEXT: &str = "Where do the rivers of the north meet?";

fn raw_frame(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Splits off the next framed body.
fn raw_body<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, tail) = rest.split_first_chunk::<4>().expect("a length");
    let (body, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
    *rest = tail;
    body
}

fn raw_numbers() -> Sum {
    let mut out = Vec::new();
    for index in 0..MESSAGES_PER_ROUND {
        let (long, short) = numbers(index);
        raw_frame(&mut out, |out| {
            out.extend_from_slice(&long.to_be_bytes());
            out.extend_from_slice(&short.to_be_bytes());
        });
    }
    let bytes = black_box(Bytes::from(out));
    let (mut rest, mut sum) = (&bytes[..], 0);
    while !rest.is_empty() {
        let body = raw_body(&mut rest);
        let (long, short) = body.split_first_chunk::<8>().expect("eight bytes");
        let short = short.first_chunk::<4>().expect("four bytes");
        sum += i64::from_be_bytes(*long) + i64::from(i32::from_be_bytes(*short));
    }
    sum
}

fn raw_text() -> Sum {
    let mut out = Vec::new();
    for index in 0..MESSAGES_PER_ROUND {
        let (_, short) = numbers(index);
        raw_frame(&mut out, |out| {
            out.extend_from_slice(TEXT.as_bytes());
            out.extend_from_slice(&short.to_be_bytes());
        });
    }
    let bytes = black_box(Bytes::from(out));
    let (mut rest, mut sum) = (&bytes[..], 0);
    while !rest.is_empty() {
        let (text, short) = raw_body(&mut rest).split_last_chunk::<4>().expect("four bytes");
        let text = String::from_utf8(text.to_vec()).expect("UTF-8");
        sum += black_box(text).len() as i64 + i64::from(i32::from_be_bytes(*short));
    }
    sum
}

fn bincode_round<T>(message: impl Fn(usize) -> T, add: impl Fn(T) -> Sum) -> Sum
where
    T: bincode::Encode + bincode::Decode<()>,
{
    let mut out = Vec::new();
    for index in 0..MESSAGES_PER_ROUND {
        raw_frame(&mut out, |out| {
            bincode::encode_into_std_write(message(index), out, standard()).expect("plain data");
        });
    }
    let bytes = black_box(Bytes::from(out));
    let (mut rest, mut sum) = (&bytes[..], 0);
    while !rest.is_empty() {
        let (value, _) =
            bincode::decode_from_slice(raw_body(&mut rest), standard()).expect("valid");
        sum += add(value);
    }
    sum
}

fn psom_round(
    write: impl Fn(usize, &mut Encoder<'_>),
    read: impl Fn(&mut Decoder<'_>) -> Sum,
) -> Sum {
    let mut out = Vec::new();
    for index in 0..MESSAGES_PER_ROUND {
        record::write_message(&mut out, |out| {
            operation::write_call(out, ProxyId::ROOT, 3);
            write(index, &mut Encoder::new(out));
        });
    }
    let bytes = black_box(Bytes::from(out));
    let (mut batch, mut sum) = (Batch::new(bytes), 0);
    while let Some(record) = batch.next_record(RECORD_LIMIT_BYTES).expect("valid") {
        let Record::Message(body) = record else { unreachable!("only messages were written") };
        let operation = Operation::read(batch.bytes(), body).expect("valid");
        let Operation::Call { arguments, .. } = operation else { unreachable!("only calls") };
        let arguments = batch.bytes().slice(arguments);
        let mut input = Decoder::new(&arguments);
        sum += read(&mut input);
        input.finish().expect("no more arguments");
    }
    sum
}

fn psom_numbers() -> Sum {
    let write = |index, out: &mut Encoder<'_>| {
        let (long, short) = numbers(index);
        long.encode(out);
        short.encode(out);
    };
    psom_round(write, |input| {
        let long = i64::decode(input).expect("valid");
        long + i64::from(i32::decode(input).expect("valid"))
    })
}

fn psom_text() -> Sum {
    let write = |index, out: &mut Encoder<'_>| {
        TEXT.encode(out);
        numbers(index).1.encode(out);
    };
    psom_round(write, |input| {
        let text = String::decode(input).expect("valid");
        black_box(text).len() as i64 + i64::from(i32::decode(input).expect("valid"))
    })
}

/// Returns the nanoseconds per message of one round.
fn timed(round: &dyn Fn() -> Sum) -> f64 {
    let begin = Instant::now();
    black_box(round());
    begin.elapsed().as_nanos() as f64 / MESSAGES_PER_ROUND as f64
}

fn main() {
    type Round = Box<dyn Fn() -> Sum>;
    let bincode_numbers = || bincode_round(numbers, |(long, short)| long + i64::from(short));
    let bincode_text = || {
        let message = |index| (TEXT.to_owned(), numbers(index).1);
        bincode_round(message, |(text, short)| black_box(text).len() as i64 + i64::from(short))
    };
    let rows: [(&str, [Round; 3]); 2] = [
        (
            "Int64, Int32",
            [Box::new(raw_numbers), Box::new(bincode_numbers), Box::new(psom_numbers)],
        ),
        ("String, Int32", [Box::new(raw_text), Box::new(bincode_text), Box::new(psom_text)]),
    ];
    println!("| message | raw, ns | bincode, ns | psom, ns | psom/raw |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, codecs) in &rows {
        let mut times = [const { Vec::new() }; 3];
        assert!(codecs.iter().all(|round| round() == codecs[0]()), "the codecs differ");
        for _ in 0..ROUNDS {
            for (times, round) in times.iter_mut().zip(codecs) {
                times.push(timed(round));
            }
        }
        let [raw, bincode, psom] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        println!("| {name} | {raw:.1} | {bincode:.1} | {psom:.1} | {:.2} |", psom / raw);
    }
}
