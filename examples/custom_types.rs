//! Custom parameter types: identifiers with types of their own, and enumerations that preserve
//! unknown values.
//!
//! ```text
//! cargo run --example custom_types
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use psom::{Context, PsomType, distributed_object, psom_interface, testing::Pair};

/// The identifier of a note: an Int64 on the wire, and a type of its own in Rust.
#[derive(PsomType, Debug, Clone, Copy, PartialEq)]
pub struct NoteId(i64);

/// The color of a note, an Int32 on the wire.
#[derive(PsomType, Debug, Clone, Copy, PartialEq)]
#[repr(i32)]
pub enum Color {
    /// The default color.
    Yellow = 1,
    /// The color for questions.
    Blue = 2,
    /// A color of a later version, which is forwarded unchanged.
    #[other]
    Other(i32),
}

/// The methods that clients call on the server.
#[psom_interface(name = "Example.Wall", version = 1, hash = -7557589135558108766)]
pub trait WallServer {
    /// Adds a note with the outline of a drawing to the wall.
    fn s_stick(&mut self, cx: &mut Context<Self>, color: Color, outline: Vec<Vec<i32>>);
}

/// The methods that the server calls on clients.
#[psom_interface(name = "Example.Wall", version = 1, hash = 1824636177722835539)]
pub trait WallClient {
    /// Notifies the client of a new note.
    fn c_stuck(&mut self, note: NoteId, color: Color, outline: Vec<Vec<i32>>);
}

#[distributed_object(serves = WallServer, calls = WallClient)]
#[derive(Default)]
struct Wall {
    notes: i64,
}

impl WallServer for Wall {
    fn s_stick(&mut self, cx: &mut Context<Self>, color: Color, outline: Vec<Vec<i32>>) {
        self.notes += 1;
        cx.peers().c_stuck(NoteId(self.notes), color, &outline);
    }
}

#[distributed_object(serves = WallClient, calls = WallServer)]
#[derive(Default)]
struct Picture {
    seen: Vec<(NoteId, Color)>,
}

impl WallClient for Picture {
    fn c_stuck(&mut self, note: NoteId, color: Color, outline: Vec<Vec<i32>>) {
        println!("{note:?} is {color:?} and has {} lines", outline.len());
        self.seen.push((note, color));
    }
}

fn main() {
    // A `Pair` runs a server and its clients in virtual time, without a network.
    let mut pair = Pair::new(Wall::default(), Picture::default());
    for color in [Color::Yellow, Color::Blue, Color::Other(77)] {
        pair.on_client(0, move |_, cx| {
            cx.peers().s_stick(color, &[vec![0, 0, 3, 4], vec![1, 1]]);
        });
    }
    let seen = pair.on_client(0, |picture, _| picture.seen.clone());
    assert_eq!(seen[2], (NoteId(3), Color::Other(77)));
    println!(
        "{}",
        psom_inspect::idl::Notation {
            server: <WallServerProxy as psom::Interface>::DESC,
            client: <WallClientProxy as psom::Interface>::DESC,
            version: 1,
        }
    );
}
