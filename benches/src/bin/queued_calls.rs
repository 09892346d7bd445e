//! Queued calls recorded and played per second, compared with `serde` and `bincode` on the same
//! arguments.
//!
//! `cargo run --release --bin queued_calls`. Each figure is the median of 11 rounds. A message
//! contains 64 calls with an integer, a text and a double. bincode encodes them as a `Vec` of an
//! enum.

use std::{hint::black_box, time::Instant};

use comqc::{Message, Recorder, decode_calls, queued_interface, security::SecurityContext};
use serde::{Deserialize, Serialize};

const CALLS_PER_MESSAGE: usize = 64;
/// The number of messages in a round, so that a round takes at least 50 ms.
const MESSAGES_PER_ROUND: usize = 5_000;
const ROUNDS: usize = 11;

#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F", base = IDispatch)]
trait Ship {
    #[dispid(1)]
    fn describe(&mut self, quantity: i32, article: &str, weight: f64);
}

/// The same calls for bincode.
#[derive(Serialize, Deserialize)]
enum SerdeCall {
    Describe { quantity: i32, article: String, weight: f64 },
}

/// An object that only adds the arguments, so that the figures measure the formats.
#[derive(Default)]
struct Total(i64, f64);

impl Ship for Total {
    fn describe(&mut self, quantity: i32, article: &str, weight: f64) {
        self.0 += i64::from(quantity) + article.len() as i64;
        self.1 += weight;
    }
}

fn recorded(late_bound: bool) -> Vec<u8> {
    let class = comqc::Guid::from_bytes([7; 16]);
    let context = SecurityContext::supplied("ada");
    let mut recorder = Recorder::new(class, None, &context).expect("a small context");
    let mut ship = match late_bound {
        true => ShipRecorder::late_bound(&mut recorder),
        false => ShipRecorder::new(&mut recorder),
    };
    for number in 0..CALLS_PER_MESSAGE {
        ship.describe(number as i32, "Anvil", 2.5).expect("a small call");
    }
    recorder.finish().expect("calls were recorded")
}

fn played(bytes: &[u8], total: &mut Total) {
    let message = Message::read(bytes).expect("our own message");
    for call in decode_calls::<ShipCall>(&message).expect("our own calls") {
        call.play(total);
    }
}

fn serde_recorded() -> Vec<u8> {
    let call = |number| SerdeCall::Describe {
        quantity: number as i32,
        article: "Anvil".to_owned(),
        weight: 2.5,
    };
    let calls: Vec<_> = (0..CALLS_PER_MESSAGE).map(call).collect();
    bincode::serde::encode_to_vec(&calls, bincode::config::standard()).expect("plain data")
}

fn serde_played(bytes: &[u8], total: &mut Total) {
    let (calls, _): (Vec<SerdeCall>, _) =
        bincode::serde::decode_from_slice(bytes, bincode::config::standard())
            .expect("our own bytes");
    for SerdeCall::Describe { quantity, article, weight } in calls {
        total.describe(quantity, &article, weight);
    }
}

/// Returns millions of calls per second.
fn measure(mut message: impl FnMut()) -> f64 {
    let mut rates: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..MESSAGES_PER_ROUND).for_each(|_| message());
            let calls = MESSAGES_PER_ROUND * CALLS_PER_MESSAGE;
            calls as f64 / start.elapsed().as_secs_f64() / 1e6
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

fn main() {
    let mut total = Total::default();
    println!("{:<28} {:>14} {:>14} {:>12}", "", "recorded M/s", "played M/s", "bytes/call");
    let mut row = |name: &str, record: &dyn Fn() -> Vec<u8>, play: &dyn Fn(&[u8], &mut Total)| {
        let bytes = record();
        let recorded = measure(|| drop(black_box(record())));
        let played = measure(|| play(black_box(&bytes), &mut total));
        let size = bytes.len() as f64 / CALLS_PER_MESSAGE as f64;
        println!("{name:<28} {recorded:>14.2} {played:>14.2} {size:>12.1}");
    };
    row("comqc, vtable (NDR)", &|| recorded(false), &played);
    row("comqc, late bound (Invoke)", &|| recorded(true), &played);
    row("serde + bincode", &serde_recorded, &serde_played);
    black_box((total.0, total.1));
}
