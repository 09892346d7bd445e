//! Encoding and decoding of framed messages, without a connection.
//!
//! A round encodes 1,000 messages into one buffer and decodes them. A figure is the median of 31 rounds.
//! The hand-written code writes fields of fixed size. It and bincode frame a message with its length; PSOM
//! also writes the type of the record, the object and the method.

use std::{hint::black_box, time::Instant};

use bincode::config::standard;
use bytes::Bytes;
use psom::{
    PsomType,
    wire::{
        Decode as _, Decoder, Encode as _, Encoder, ProxyId,
        operation::{self, Operation},
        record::{self, Batch, Record},
    },
};

use crate::Result;

pub const MESSAGES_PER_ROUND: usize = 1_000;
const ROUNDS: usize = 31;
/// The limit of the default configuration, in bytes.
const RECORD_LIMIT_BYTES: u32 = 1 << 20;
const ANNOTATIONS_PER_BATCH: usize = 8;
const TEXT: &str = "Where do the rivers of the north meet?";

/// The sum of the decoded values, so that no codec skips its work.
pub type Sum = i64;

#[derive(PsomType, bincode::Encode, bincode::Decode, Clone)]
struct Annotation {
    id: i32,
    author: i64,
    x: f64,
    y: f64,
    color: i32,
    text: String,
}

impl Annotation {
    fn sum(&self) -> Sum {
        i64::from(self.id)
            + self.author
            + i64::from(self.color)
            + self.text.len() as i64
            + (self.x + self.y) as i64
    }
}

/// Values that need one byte, a few bytes and many bytes, as identifiers and coordinates do.
fn numbers(index: usize) -> (i64, i32) {
    let index = index as i64;
    (index * index * 7_919, (index as i32 - 500) * 3)
}

fn annotations(index: usize) -> Vec<Annotation> {
    let annotation = |at: usize| {
        let (author, id) = numbers(index + at);
        let (x, y) = (at as f64 * 1.5, index as f64 / 3.0);
        Annotation { id, author, x, y, color: 0xff_8800, text: TEXT.to_owned() }
    };
    (0..ANNOTATIONS_PER_BATCH).map(annotation).collect()
}

/// Returns the function that runs one round of a codec.
pub fn round(row: &str, codec: &str) -> Result<Box<dyn Fn() -> Sum>> {
    let count = if row == "batch" { MESSAGES_PER_ROUND } else { 0 };
    let batches = Vec::from_iter((0..count).map(annotations));
    let sums = |all: Vec<Annotation>| all.iter().map(Annotation::sum).sum::<Sum>();
    Ok(match (row, codec) {
        ("numbers", "raw") => Box::new(raw_numbers),
        ("numbers", "bincode") => {
            Box::new(|| bincode_round(numbers, |(long, short): (i64, i32)| long + i64::from(short)))
        }
        ("numbers", "psom") => Box::new(psom_numbers),
        ("text", "raw") => Box::new(raw_text),
        ("text", "bincode") => Box::new(|| {
            let add =
                |(text, short): (String, i32)| black_box(text).len() as i64 + i64::from(short);
            bincode_round(|index| (TEXT, numbers(index).1), add)
        }),
        ("text", "psom") => Box::new(psom_text),
        ("batch", "raw") => Box::new(move || raw_batch(&batches)),
        ("batch", "bincode") => Box::new(move || bincode_round(|index| &batches[index], sums)),
        ("batch", "psom") => Box::new(move || {
            let write = |index: usize, out: &mut Encoder<'_>| batches[index].encode(out);
            psom_round(write, |input| sums(Vec::decode(input).expect("valid")))
        }),
        _ => return Err("unknown codec".into()),
    })
}

/// Measures one codec.
pub fn measure(row: &str, codec: &str) -> Result<Vec<f64>> {
    let round = round(row, codec)?;
    let mut times = Vec::from_iter((0..ROUNDS).map(|_| {
        let begin = Instant::now();
        black_box(round());
        begin.elapsed().as_nanos() as f64 / MESSAGES_PER_ROUND as f64
    }));
    times.sort_by(f64::total_cmp);
    let unit = if row == "batch" { 1_000.0 } else { 1.0 };
    Ok(vec![times[ROUNDS / 2] / unit])
}

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

fn raw_batch(batches: &[Vec<Annotation>]) -> Sum {
    let mut out = Vec::new();
    for batch in batches {
        raw_frame(&mut out, |out| {
            for at in batch {
                out.extend_from_slice(&at.id.to_be_bytes());
                out.extend_from_slice(&at.author.to_be_bytes());
                out.extend_from_slice(&at.x.to_be_bytes());
                out.extend_from_slice(&at.y.to_be_bytes());
                out.extend_from_slice(&at.color.to_be_bytes());
                out.extend_from_slice(&(at.text.len() as u16).to_be_bytes());
                out.extend_from_slice(at.text.as_bytes());
            }
        });
    }
    let bytes = black_box(Bytes::from(out));
    let (mut rest, mut sum) = (&bytes[..], 0);
    while !rest.is_empty() {
        let mut body = raw_body(&mut rest);
        let mut all = Vec::with_capacity(ANNOTATIONS_PER_BATCH);
        while !body.is_empty() {
            let id = i32::from_be_bytes(take(&mut body));
            let author = i64::from_be_bytes(take(&mut body));
            let (x, y) = (f64::from_be_bytes(take(&mut body)), f64::from_be_bytes(take(&mut body)));
            let color = i32::from_be_bytes(take(&mut body));
            let length = u16::from_be_bytes(take(&mut body));
            let (text, tail) = body.split_at(length.into());
            body = tail;
            let text = String::from_utf8(text.to_vec()).expect("UTF-8");
            all.push(Annotation { id, author, x, y, color, text });
        }
        sum += all.iter().map(Annotation::sum).sum::<Sum>();
    }
    sum
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (first, tail) = rest.split_first_chunk::<N>().expect("a field");
    *rest = tail;
    *first
}

fn bincode_round<T: bincode::Encode, D: bincode::Decode<()>>(
    message: impl Fn(usize) -> T,
    add: impl Fn(D) -> Sum,
) -> Sum {
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
        let mut input = Decoder::within(batch.bytes(), arguments, String::new());
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
