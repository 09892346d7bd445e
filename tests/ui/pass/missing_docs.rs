//! Generated items are documented, or need no documentation.

#![deny(missing_docs, missing_debug_implementations, unreachable_pub, warnings)]

use psom::{Context, PsomType, distributed_object, psom_interface};

/// Calls that the room handles.
#[psom_interface(name = "Example.Docs", version = 1, hash = 1, version = 2, hash = 2)]
pub trait DocsServer {
    /// Sends a text.
    fn s_say(&mut self, cx: &mut Context<Self>, text: &str, mood: Mood);
    /// Waits.
    #[since(2)]
    #[latest]
    async fn s_wait(&mut self, cx: &mut Context<Self>, mark: Mark);
}

/// Calls that the room sends.
#[psom_interface(name = "Example.Docs", version = 1, hash = 3, version = 2, hash = 4)]
pub trait DocsClient {
    /// Answers.
    fn c_answer(&mut self);
}

/// A tone of voice.
#[derive(Debug, PsomType)]
#[repr(i32)]
pub enum Mood {
    /// Calmly.
    Calm = 1,
    /// A tone that this version does not know.
    #[other]
    Other(i32),
}

/// A position in a text.
#[derive(Debug, PsomType)]
pub struct Mark(i64);

/// A room.
#[derive(Debug)]
#[distributed_object(serves = DocsServer, calls = DocsClient)]
pub struct Room;

impl DocsServer for Room {
    fn s_say(&mut self, cx: &mut Context<Self>, _text: &str, mood: Mood) {
        if i32::from(mood) == 1 {
            cx.caller().c_answer();
        }
    }
    async fn s_wait(&mut self, _cx: &mut Context<Self>, mark: Mark) {
        let Mark(_) = mark;
    }
}

fn main() {}
