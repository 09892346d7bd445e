//! Measures the FSSHTTPB library: decoding, encoding, storing a file, and creating an answer.
//!
//! ```text
//! cargo run --release --manifest-path benches/Cargo.toml --bin cell
//! ```

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use allocation_counter::measure;
use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    message::{Operation, QueryChanges, Request, Response, SubRequest},
    object::types::Partition,
    store::Store,
};
use sha1::{Digest as _, Sha1};

const MEGABYTE: usize = 1_000_000;
/// The number of runs. The median is printed.
const RUNS: usize = 9;

/// Returns bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Writes a zip file with stored entries of 400 KB, like the pictures of a presentation.
fn presentation(len: usize) -> Vec<u8> {
    let picture = noise(400_000);
    let mut file = vec![];
    for number in 0..len / picture.len() {
        let name = format!("ppt/media/image{number:05}.png");
        let size = (picture.len() as u32).to_le_bytes();
        file.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        // The pictures need different checksums, but not correct ones.
        file.extend((number as u32).to_le_bytes());
        file.extend([size, size].concat());
        file.extend((name.len() as u16).to_le_bytes());
        file.extend([0, 0]);
        file.extend(name.as_bytes());
        file.extend(&picture);
    }
    file
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

fn print(name: &str, bytes: usize, time: Duration) {
    let rate = bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{name:48} {:9.2} ms {rate:9.0} MB/s", time.as_secs_f64() * 1e3);
}

fn query() -> Request {
    let operation = Operation::QueryChanges(QueryChanges::default());
    Request::with(&[SubRequest::new(1, Partition::CONTENTS, operation)], Guid::NULL, 0)
}

fn main() {
    let document = presentation(40 * MEGABYTE);
    let mut server = Store::from_file(&document).expect("the store of a file is valid");
    let answer = server.answer(&query());
    let bytes = Bytes::from(answer.to_bytes());
    println!("answer for a document of {} bytes: {} bytes", document.len(), bytes.len());
    print(
        "decode the answer",
        bytes.len(),
        median(|| {
            black_box(Response::read_shared(bytes.clone())).expect("the answer is valid");
        }),
    );
    print(
        "encode the answer",
        bytes.len(),
        median(|| {
            black_box(answer.to_bytes());
        }),
    );
    print(
        "assemble the file",
        document.len(),
        median(|| {
            let store = Store::from_response(&answer).expect("the answer is complete");
            black_box(store.file()).expect("the answer has a file");
        }),
    );

    // A message of small objects: one leaf for each 100 bytes of text.
    let leaves: Vec<_> = (0..50_000_u32).map(|n| Bytes::from(n.to_le_bytes().repeat(25))).collect();
    let mut small = Store::default();
    small.set_parts(Partition::CONTENTS, leaves).expect("the store of a file is valid");
    let small_answer = small.answer(&query());
    let small_bytes = Bytes::from(small_answer.to_bytes());
    print(
        "decode small objects",
        small_bytes.len(),
        median(|| {
            black_box(Response::read_shared(small_bytes.clone())).expect("the answer is valid");
        }),
    );
    print(
        "encode small objects",
        small_bytes.len(),
        median(|| {
            black_box(small_answer.to_bytes());
        }),
    );

    for (name, file) in
        [("a zip file", presentation(100 * MEGABYTE)), ("another file", noise(100 * MEGABYTE))]
    {
        print(
            &format!("SHA-1 of {name} of 100 MB"),
            file.len(),
            median(|| {
                black_box(Sha1::digest(&file));
            }),
        );
        print(
            &format!("from_file of {name} of 100 MB"),
            file.len(),
            median(|| {
                black_box(Store::from_file(&file)).expect("the store of a file is valid");
            }),
        );
    }

    let request = query();
    print(
        "QueryChanges answer for 40 MB, tree",
        bytes.len(),
        median(|| {
            black_box(server.answer(&request));
        }),
    );
    print(
        "QueryChanges answer for 40 MB, bytes",
        bytes.len(),
        median(|| {
            black_box(server.answer(&request).to_bytes());
        }),
    );
    let used = measure(|| {
        black_box(server.answer(&request).to_bytes());
    });
    println!("peak memory of the answer: {} bytes", used.bytes_max);
}
