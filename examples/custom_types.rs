//! Parameter types of one's own: numbers that cannot be mistaken for each other, and enumerations
//! that survive values which nobody here knows yet.
//!
//! ```text
//! cargo run --example custom_types
//! ```

use psom::{Context, PsomType, distributed_object, psom_interface, testing::Pair};

/// A note on the wall. On the wire it is an Int64, in Rust it is no other number.
#[derive(PsomType, Debug, Clone, Copy, PartialEq)]
pub struct NoteId(i64);

/// The colour of a note, an Int32 on the wire.
#[derive(PsomType, Debug, Clone, Copy, PartialEq)]
#[repr(i32)]
pub enum Colour {
    /// The usual one.
    Yellow = 1,
    /// For questions.
    Blue = 2,
    /// A colour of a later version: it is passed on as it came.
    #[other]
    Other(i32),
}

/// What clients call on the server.
#[psom_interface(name = "Example.Wall", version = 1, hash = -7557589135558108766)]
pub trait WallServer {
    /// Sticks a note to the wall, with the outline of a drawing on it.
    fn s_stick(&mut self, cx: &mut Context<Self>, colour: Colour, outline: Vec<Vec<i32>>);
}

/// What the server calls on clients.
#[psom_interface(name = "Example.Wall", version = 1, hash = 1824636177722835539)]
pub trait WallClient {
    /// A note was stuck to the wall.
    fn c_stuck(&mut self, note: NoteId, colour: Colour, outline: Vec<Vec<i32>>);
}

#[distributed_object(serves = WallServer, calls = WallClient)]
#[derive(Default)]
struct Wall {
    notes: i64,
}

impl WallServer for Wall {
    fn s_stick(&mut self, cx: &mut Context<Self>, colour: Colour, outline: Vec<Vec<i32>>) {
        self.notes += 1;
        cx.peers().c_stuck(NoteId(self.notes), colour, &outline);
    }
}

#[distributed_object(serves = WallClient, calls = WallServer)]
#[derive(Default)]
struct Picture {
    seen: Vec<(NoteId, Colour)>,
}

impl WallClient for Picture {
    fn c_stuck(&mut self, note: NoteId, colour: Colour, outline: Vec<Vec<i32>>) {
        println!("{note:?} is {colour:?} and has {} lines", outline.len());
        self.seen.push((note, colour));
    }
}

fn main() {
    // A pair is a server and its clients in virtual time: no network, no waiting.
    let mut pair = Pair::new(Wall::default(), Picture::default());
    for colour in [Colour::Yellow, Colour::Blue, Colour::Other(77)] {
        pair.on_client(0, move |_, cx| {
            cx.peers().s_stick(colour, &[vec![0, 0, 3, 4], vec![1, 1]]);
        });
    }
    let seen = pair.on_client(0, |picture, _| picture.seen.clone());
    assert_eq!(seen[2], (NoteId(3), Colour::Other(77)));
    println!(
        "{}",
        psom_inspect::idl::Notation {
            server: <WallServerProxy as psom::Interface>::DESC,
            client: <WallClientProxy as psom::Interface>::DESC,
            version: 1,
        }
    );
}
